/** Files of torch before 1.6 that attack. */
import { describe, expect, test } from "vitest";
import { FormatError } from "../../src/formats/format-error.ts";
import type { StoredTensor } from "../../src/formats/values.ts";
import { ascii, int, name, tensor, text, tupleOf } from "./archive.ts";
import { describeValue, fileNamed } from "./describe.ts";
import { load, messageOf } from "./refusal.ts";

test("an old file of pickle protocol 3 holds the same as one of protocol 2", () => {
  const good = fileNamed("old views");
  const newer = good.slice();
  const starts = [...good.keys()].filter((at) => good[at] === 0x80 && good[at + 1] === 2);
  // each of its five pickles begins with the protocol
  for (const at of starts) newer[at + 1] = 3;
  expect(starts.length).toBe(5);
  expect(describeValue(load(newer))).toEqual(describeValue(load(good)));
});

describe("an old file is refused", () => {
  const good = fileNamed("old views");
  const magic = "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
  const head = `\x80\x02${magic}.\x80\x02M\xe9\x03.\x80\x02}.`;
  const old = (pickle: string, keys: string, rest: string): Uint8Array =>
    ascii(`${head}\x80\x02${pickle}.\x80\x02${keys}.${rest}`);
  const keys = `]${text("0")}a`;
  const count = (value: bigint): string => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(value);
    return bytes.toString("latin1");
  };
  const data = "\0".repeat(24);

  test("only for a reason", () => {
    expect(messageOf(old(tensor(), keys, count(6n) + data))).toContain("no error");
  });

  test.each<[string, Uint8Array, string]>([
    ["with another magic number", ascii(`\x80\x02${magic.slice(0, -1)}\x18.`), "magic number is wrong"],
    ["of another protocol", ascii(`\x80\x02${magic}.\x80\x02M\xe8\x03.`), "unknown protocol"],
    ["with a class in its head", ascii(`\x80\x02${magic}.\x80\x02cos\nsystem\n.`), "GLOBAL os.system is not allowed"],
    ["with a storage of 2^60", old(tensor(), keys, count(2n ** 60n) + data), "beyond 2^53"],
    ["with a negative storage", old(tensor(), keys, count(-1n) + data), "beyond 2^53"],
    ["with a storage of another size", old(tensor(), keys, count(5n) + data), "differs from the tensor's"],
    ["with a storage that is cut off", old(tensor(), keys, count(6n) + data.slice(1)), "24 bytes expected"],
    ["with a storage of nobody", old("N", keys, count(6n) + data), "without a tensor"],
    ["with a storage twice", old(tensor(), `${keys}${text("0")}a`, count(6n) + data), "twice"],
    ["without its storage", old(tensor(), "]", ""), "storage 0 is missing"],
    ["without a list of storages", old(tensor(), "N", ""), "no list of storages"],
  ])("%s", (_, bytes, message) => {
    expect(messageOf(bytes)).toContain(message);
  });

  test("that is cut off anywhere", () => {
    for (let length = 0; length < good.length; length += 1) {
      expect(() => load(good.subarray(0, length))).toThrow(FormatError);
    }
  });

  test("with a part that reaches beyond its storage", () => {
    const reference = (part: string): string => {
      const whole = [text("storage"), name("torch", "FloatStorage"), text("0"), text("cpu"), int(6), part];
      const call = [`${tupleOf(...whole)}Q`, int(0), tupleOf(int(2)), tupleOf(int(1)), "\x89", "}"];
      return `${name("torch._utils", "_rebuild_tensor_v2")}${tupleOf(...call)}R`;
    };
    const part = (start: number): string => tupleOf(text("1"), int(start), int(2));
    const loaded = load(old(reference(part(4)), keys, count(6n) + data)) as StoredTensor;
    expect(loaded.value.offset).toBe(4);
    expect(messageOf(old(reference(part(5)), keys, count(6n) + data))).toContain("beyond its storage");
  });
});
