/** Files are hostile until they have been read: what a reader says when one is not what it claims to be. */
import { TorchError } from "../check.ts";

/** Where in a file something is wrong. */
export interface Place {
  /** The format that is broken: `zip`, `pickle`, `torch`. */
  readonly format: string;
  /** The entry of the archive, or the storage, that is concerned. */
  readonly part?: string | undefined;
  /** The byte: of a pickle or an array counted from its own beginning, else from that of the file. */
  readonly offset?: number | undefined;
}

/** A file that cannot be read, or a value that cannot be written: `torch, archive/data.pkl, byte 17: ...`. */
export class FormatError extends TorchError implements Place {
  static {
    FormatError.prototype.name = "FormatError";
  }

  readonly format: string;
  readonly part: string | undefined;
  readonly offset: number | undefined;

  constructor(message: string, { format, part, offset }: Place, hint?: string) {
    const place = [format, part && shown(part), offset === undefined ? "" : `byte ${offset}`].filter(Boolean);
    super(`${place.join(", ")}: ${message}`, hint);
    this.format = format;
    this.part = part;
    this.offset = offset;
  }
}

/** Names in messages come from the file: this much of one is enough to find it again. */
const SHOWN_CHARACTERS = 80;

/** A name from a file as a message may show it: short, and without control characters. */
export function shown(name: string): string {
  const short = name.length > SHOWN_CHARACTERS ? `${name.slice(0, SHOWN_CHARACTERS)}...` : name;
  return short.replace(/\p{C}/gu, "?");
}
