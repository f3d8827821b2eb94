/** What becomes of a file that should not be loaded. */
import { expect } from "vitest";
import { FormatError } from "../../src/formats/format-error.ts";
import { readTorch } from "../../src/formats/torch.ts";

/** The value of a file of torch.save. */
export const load = (bytes: Uint8Array): unknown => readTorch(bytes, (stored) => stored);

/** The message of the error, which must be typed and say a place; or that there was none. */
export function messageOf(bytes: Uint8Array): string {
  try {
    return `no error: ${load(bytes)}`;
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    // where it is wrong is said every time
    expect(error).toMatchObject({
      format: expect.stringMatching(/^(torch|torch legacy|zip|pickle)$/),
      offset: expect.any(Number),
    });
    return (error as FormatError).message;
  }
}
