/** Files that attack: each is refused with a FormatError, or loaded as what it says, in bounded time and memory. */
import { describe, expect, test } from "vitest";
import { OrderedDict } from "../../src/dense/ordered-dict.ts";
import { readTorch } from "../../src/formats/torch.ts";
import { metadataOf, type StoredTensor } from "../../src/formats/values.ts";
import {
  ascii,
  checkpoint,
  double,
  entriesOf,
  int,
  name,
  program,
  type TensorParts,
  tensor,
  text,
  tupleOf,
  zip,
} from "./archive.ts";
import { load, messageOf } from "./refusal.ts";

const storage = new Uint8Array(24);

const run = (...instructions: readonly string[]): string => messageOf(checkpoint(program(...instructions)));
const build = (parts: TensorParts, bytes = storage): string =>
  messageOf(checkpoint(program(tensor(parts)), { "0": bytes }));

test("the tensor that the attacks below change is a good one", () => {
  const loaded = load(checkpoint(program(tensor()), { "0": storage })) as StoredTensor;
  expect([...loaded.value.shape]).toEqual([2, 3]);
});

describe("a GLOBAL is refused even if nobody calls it:", () => {
  test.each([
    ["os", "system"],
    ["posix", "system"],
    ["builtins", "eval"],
    ["__builtin__", "getattr"],
    ["torch.serialization", "os.system"],
    ["collections", "OrderedDict.fromkeys"],
    ["torch", "load"],
    ["torch._utils", "__class__"],
    ["", ""],
    ["collections OrderedDict", ""],
    ["constructor", "prototype"],
  ])("%s.%s", (module, attribute) => {
    expect(run(name(module, attribute), "0N")).toContain(`GLOBAL ${module}.${attribute} is not allowed`);
  });

  test.each([
    ["torch", "ComplexFloatStorage"],
    ["torch", "complex64"],
    ["torch", "uint16"],
    ["torch", "float8_e4m3fn"],
    ["torch._utils", "_rebuild_sparse_tensor"],
    ["torch._utils", "_rebuild_qtensor"],
    ["torch._tensor", "_rebuild_from_type_v2"],
    ["torch.cuda", "FloatTensor"],
    ["__builtin__", "complex"],
  ])("%s.%s, which torch knows, with other words", (module, attribute) => {
    expect(run(name(module, attribute))).toContain(`${module}.${attribute} is not supported`);
  });

  test("a value of numpy's, with advice", () => {
    const bytes = checkpoint(program(name("numpy._core.multiarray", "scalar")));
    expect(() => load(bytes)).toThrow(expect.objectContaining({ hint: expect.stringContaining("float(x)") }));
  });

  test("a whole module, with advice", () => {
    const bytes = checkpoint(program(name("torch.nn.modules.rnn", "LSTM"), ")\x81"));
    expect(() => load(bytes)).toThrow(expect.objectContaining({ hint: expect.stringContaining("state_dict()") }));
  });
});

test("every instruction outside the table is refused", () => {
  const known = ")(.GJKMNQRUX]abcehjqrstu}\x80\x81\x85\x86\x87\x88\x89\x8a\x8f";
  for (let opcode = 0; opcode < 256; opcode += 1) {
    if (known.includes(String.fromCharCode(opcode))) continue;
    const hexadecimal = opcode.toString(16).padStart(2, "0");
    expect(run("NN", String.fromCharCode(opcode))).toContain(`instruction 0x${hexadecimal} is not allowed`);
  }
});

describe("a pickle is refused", () => {
  test.each<[string, string[], string]>([
    ["that takes from an empty stack", [], "the stack is empty"],
    ["that takes what lies under a mark", ["N("], "the stack is empty"],
    ["that closes no mark", ["Nt"], "no MARK is open"],
    ["that reads an unset memo", ["h\x05"], "memo 5 was never set"],
    ["that appends to a tuple", [")Na"], "only lists"],
    ["that appends to a dict", ["}Na"], "only lists"],
    ["that appends to a torch.Size", [name("torch", "Size"), ")\x85RNa"], "only lists"],
    ["that sets items of a list", ["]NNs"], "only be set in a dict"],
    ["that sets items of a tensor", [tensor(), "NNs"], "only be set in a dict"],
    ["that sets a key without a value", ["}(Nu"], "a key without a value"],
    ["with a list as a key", ["}]Ns"], "cannot be a key"],
    ["with a list in a tuple in a tuple as a key", ["}]\x85)\x86Ns"], "cannot be a key"],
    ["that calls a value", ["N)R"], "only functions of the table"],
    ["that calls a storage class", [name("torch", "FloatStorage"), ")R"], "only functions of the table"],
    ["that calls with a list", [name("collections", "OrderedDict"), "]R"], "not called with a tuple"],
    ["that builds a list", ["]}b"], "cannot be given attributes"],
    ["that builds a tensor", [tensor(), "}b"], "cannot be given attributes"],
    ["that builds with a list", [name("collections", "OrderedDict"), ")R]b"], "attributes cannot be"],
    ["with text that is not UTF-8", ["X\x02\x00\x00\x00\xc3("], "not UTF-8"],
    ["with overlong UTF-8", ["X\x02\x00\x00\x00\xc0\x80"], "not UTF-8"],
    ["with a text of 4 GiB", ["X\xff\xff\xff\xff"], "4294967295 bytes expected"],
    ["with a name without an end", [`c${"x".repeat(1000)}`], "a name without an end"],
    ["with a persistent id that is no tuple", [text("0"), "Q"], "no tuple"],
    ["with a module for a storage", [tupleOf(text("module"), "NNN"), "Q"], "'module' instead of a storage"],
    ["that hands out a class", [name("collections", "OrderedDict")], "is not data"],
    [
      "that hides a storage in a list",
      ["]", tupleOf(text("storage"), name("torch", "FloatStorage"), text("0"), text("cpu"), int(6)), "Qa"],
      "a storage without a tensor is not data",
    ],
    ["with bytes beyond a byte", [name("_codecs", "encode"), text("\xc4\x80"), text("latin1"), "\x86R"], "no byte"],
    ["with bytes in another encoding", [name("_codecs", "encode"), text("a"), text("utf-7"), "\x86R"], "encoding"],
    ["with a device of a number", [name("torch", "device"), "N\x85R"], "a device cannot be null"],
    ["with a set of a number", [name("builtins", "set"), "N\x85R"], "a set of null"],
    ["with a dict of no pairs", [name("collections", "OrderedDict"), "]Na\x85R"], "pairs"],
  ])("%s", (_, instructions, message) => {
    const bytes = checkpoint(program(...instructions), { "0": storage });
    expect(messageOf(bytes)).toContain(message);
  });

  test("with a tensor as a key", () => {
    const bytes = checkpoint(program("}", tensor(), "Ns"), { "0": storage });
    expect(() => readTorch(bytes, () => "made of it")).toThrow("a tensor as a key");
  });

  test("that never stops", () => {
    expect(messageOf(checkpoint(ascii("\x80\x02N")))).toContain("1 bytes expected, 0 are left");
    expect(messageOf(checkpoint(ascii("")))).toContain("1 bytes expected, 0 are left");
  });

  test("that copies the same thing again and again", () => {
    const once = `${name("_codecs", "encode")}q\x00${text("x".repeat(5000))}${text("latin1")}\x86q\x01R`;
    expect(run("]", "(", once, "h\x00h\x01R".repeat(100), "e")).toContain("multiplies its own content");
  });

  test("of more than a million containers", () => {
    expect(run("]", "}a".repeat(2 ** 20))).toContain("more than 1048576 containers");
  });

  test("of more than a million values on the stack", () => {
    expect(run("N".repeat(2 ** 20 + 1))).toContain("more than 1048576 waiting values");
    expect(run("(".repeat(2 ** 20 + 1))).toContain("more than 1048576 waiting values");
  });

  test("of a newer protocol, with a hint on what to do", () => {
    const hint = "save it again with pickle_protocol=2, the default of torch.save";
    for (const protocol of ["\x04", "\x05"]) {
      const pickle = ascii(`\x80${protocol}\x95\x00\x00\x00\x00\x00\x00\x00\x00N.`);
      expect(() => load(checkpoint(pickle))).toThrow(expect.objectContaining({ name: "FormatError", hint }));
    }
    expect(() => load(checkpoint(program("\x95")))).toThrow(expect.objectContaining({ hint: undefined }));
  });

  test("of a text that is longer than any pickle, which is not decoded", () => {
    const pickle = new Uint8Array(2 ** 25 + 20).fill(0x61);
    pickle.set(ascii("\x80\x02X\x01\x00\x00\x02")); // BINUNICODE of 2^25 + 1 bytes
    expect(messageOf(checkpoint(pickle))).toContain("a text of 33554433 bytes");
  });

  test("of more than 32 MiB", () => {
    const puts = new Uint8Array(2 ** 25 + 10).fill(0x72); // LONG_BINPUT, whose argument looks like it
    puts[0] = 0x4e;
    expect(messageOf(zip(entriesOf(puts).map((entry) => ({ ...entry, crc: 0 }))))).toContain("a pickle of more than");
  });
});

describe("a pickle is loaded, in bounded time,", () => {
  test("with 100,000 open marks", () => {
    expect(run("(".repeat(100_000), "N")).toBe("no error: null");
  });

  test("with lists to a depth of 100,000", () => {
    let value = load(checkpoint(program("]".repeat(100_000), "a".repeat(99_999))));
    for (let depth = 1; depth < 100_000; depth += 1) [value] = value as [unknown];
    expect(value).toEqual([]);
  });

  test("with 10^40 paths through it", () => {
    const level = (at: number): string =>
      `](${`h${String.fromCharCode(at)}`.repeat(10)}eq${String.fromCharCode(at + 1)}`;
    const levels = Array.from({ length: 40 }, (_, at) => level(at)).join("");
    expect(load(checkpoint(program("]q\x00", levels)))).toHaveLength(10);
  });

  test("with a memo index of 2^32 - 1", () => {
    expect(run("Nr\xff\xff\xff\xffj\xff\xff\xff\xff")).toBe("no error: null");
  });

  test("with bytes after its end, and of protocol 9", () => {
    expect(messageOf(checkpoint(ascii("\x80\x09N.rest")))).toBe("no error: null");
  });

  test("with names of JavaScript's own as data", () => {
    const attack = `}${text("__proto__")}}${text("polluted")}\x88ss${text("constructor")}Ns`;
    const dict = load(checkpoint(program(attack))) as Map<string, unknown>;
    expect([...dict.keys()]).toEqual(["__proto__", "constructor"]);
    const state = load(checkpoint(program(name("collections", "OrderedDict"), ")R", attack, "b")));
    expect(state).toBeInstanceOf(OrderedDict);
    expect(metadataOf(state as OrderedDict<unknown, unknown>)).toBeUndefined();
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(Object.getPrototypeOf(state)).toBe(OrderedDict.prototype);
  });
});

describe("a tensor is refused", () => {
  test.each<[string, TensorParts, string]>([
    ["with 10^12 elements in its storage", { count: int(10 ** 12) }, "4000000000000 bytes expected, 24 found"],
    ["with 2^63 elements in its storage", { count: int(2n ** 63n) }, "size of a storage cannot be 9223372036854775808"],
    ["with a negative storage", { count: int(-1) }, "size of a storage cannot be -1"],
    ["with a storage of text", { count: text("6") }, "size of a storage cannot be '6'"],
    ["with a storage of a float", { count: double(6) }, "size of a storage cannot be the float 6"],
    ["with a record that is too long", { count: int(5), size: tupleOf(int(5)), stride: tupleOf(int(1)) }, "20 bytes"],
    ["with a record that is too short", { count: int(7) }, "28 bytes expected, 24 found"],
    ["of a negative size", { size: tupleOf(int(-2), int(3)) }, "the size of a tensor cannot be -2"],
    ["of a size in text", { size: tupleOf(text("2"), int(3)) }, "the size of a tensor cannot be '2'"],
    ["of a true size", { size: tupleOf("\x88", int(3)) }, "the size of a tensor cannot be true"],
    ["of a size in a list", { size: "]" }, "the size of a tensor cannot be a list"],
    ["of a size that overflows", { size: tupleOf(int(2 ** 52), int(2 ** 52)) }, "a tensor reaches to element"],
    ["of a size beyond 2^53", { size: tupleOf(int(2n ** 62n), int(4)) }, "the size of a tensor cannot be"],
    [
      "with a negative stride",
      { stride: tupleOf(int(-1), int(1)), offset: int(3) },
      "the stride of a tensor cannot be",
    ],
    ["with a stride of a float", { stride: tupleOf(double(3), int(1)) }, "the stride of a tensor cannot be"],
    ["with a stride beyond its storage", { stride: tupleOf(int(4), int(1)) }, "reaches to element 6 of a storage of 6"],
    ["with an offset beyond its storage", { offset: int(1) }, "reaches to element 6 of a storage of 6"],
    ["with a negative offset", { offset: int(-1) }, "the offset of a tensor cannot be -1"],
    ["with an offset of 2^60", { offset: int(2n ** 60n) }, "the offset of a tensor cannot be"],
    ["with ranks that differ", { stride: tupleOf(int(1)) }, "different ranks"],
    ["of 65 dimensions", { size: tupleOf(int(1).repeat(65)), stride: tupleOf(int(1).repeat(65)) }, "65 dimensions"],
    ["of 2^40 elements on one", { size: tupleOf(int(2 ** 40)), stride: tupleOf(int(0)) }, "a tensor of 1099511627776"],
    ["on a key that is a number", { key: int(0) }, "0 is no key"],
    ["on a key that is a path", { key: text("../../x") }, "data/../../x, byte 0: is missing"],
    ["on an empty key", { key: text("") }, "data/, byte 0: is missing"],
    ["on the key __proto__", { key: text("__proto__") }, "data/__proto__, byte 0: is missing"],
    ["on a key that is missing", { key: text("7") }, "data/7, byte 0: is missing"],
    ["on a class that is none", { kind: "N" }, "null is no class of storages"],
    ["with requires_grad 1", { requiresGrad: int(1) }, "requires_grad cannot be 1"],
    ["of integers with a gradient", { kind: name("torch", "IntStorage"), requiresGrad: "\x88" }, "cannot require"],
    ["that is conjugated", { more: `}${text("conj")}\x88s` }, "a conjugated tensor is not supported"],
    [
      "of integers that is negated",
      { kind: name("torch", "IntStorage"), more: `}${text("neg")}\x88s` },
      "a negated tensor of integers",
    ],
    [
      "that is expanded and negated",
      { size: tupleOf(int(7)), stride: tupleOf(int(0)), more: `}${text("neg")}\x88s` },
      "or one that is expanded",
    ],
    ["with a dtype that is none", { function: "_rebuild_tensor_v3", more: "N" }, "null is no dtype"],
    [
      "with another dtype than its storage",
      { function: "_rebuild_tensor_v3", more: name("torch", "float64") },
      "is no dtype for this storage",
    ],
  ])("%s", (_, parts, message) => {
    expect(build(parts)).toContain(message);
  });

  test("of a size that overflows before it is nothing", () => {
    const lengths = Array<string>(30).fill(int(2 ** 52));
    const steps = Array<string>(31).fill(int(0));
    const parts = { size: tupleOf(...lengths, int(0)), stride: tupleOf(...steps) };
    expect(build(parts)).toContain("without elements whose size overflows");
  });

  test("that repeats its storage too often together with others", () => {
    const expanded = tensor({ size: tupleOf(int(2 ** 14), int(2 ** 14)), stride: tupleOf(int(0), int(0)) });
    const file = (...tensors: readonly string[]): Uint8Array =>
      checkpoint(program(tupleOf(...tensors)), { "0": storage });
    expect(messageOf(file(expanded, tensor()))).toContain("no error");
    expect(messageOf(file(expanded, expanded))).toContain("repeat their storages too often");
  });

  test("whose storage has two classes or two sizes", () => {
    const other = tensor({ kind: name("torch", "IntStorage") });
    const longer = tensor({ count: int(7) });
    for (const second of [other, longer]) {
      expect(messageOf(checkpoint(program(tensor(), second, "\x86"), { "0": storage }))).toContain(
        "two classes or two",
      );
    }
  });

  test("that is the data of no tensor", () => {
    expect(run(name("torch._utils", "_rebuild_parameter"), "N\x88N\x87R")).toContain("cannot be made of null");
    expect(run(name("torch._utils", "_rebuild_tensor_v2"), ")R")).toContain("a tensor on undefined");
  });
});

test("a tensor whose file keeps the other sign has its own", () => {
  const values = Float32Array.of(1, -2, 3, 4, 5, 6);
  const file = checkpoint(program(tensor({ more: `}${text("neg")}\x88s` })), { "0": new Uint8Array(values.buffer) });
  expect((load(file) as StoredTensor).value.data).toEqual(values.map((value) => -value));
});

test("an untyped storage is read as the dtype that the tensor names", () => {
  const parts = { kind: name("torch.storage", "UntypedStorage"), count: int(24), function: "_rebuild_tensor_v3" };
  const values = Float32Array.of(1, 2, 3, 4, 5, 6);
  const file = checkpoint(program(tensor({ ...parts, more: name("torch", "float32") })), {
    "0": new Uint8Array(values.buffer),
  });
  expect((load(file) as StoredTensor).value.data).toEqual(values);
});

describe("an archive is refused", () => {
  const good = entriesOf(program(tensor()), { "0": storage });
  const without = (part: string): typeof good => good.filter((entry) => !entry.name.endsWith(part));
  const withBytes = (part: string, bytes: string): typeof good =>
    good.map((entry) => (entry.name.endsWith(part) ? { ...entry, bytes: ascii(bytes) } : entry));
  test.each<[string, typeof good, string]>([
    ["without data.pkl", without("data.pkl"), "data.pkl, byte 0: is missing"],
    ["without a version", without("version"), "version, byte 0: is missing"],
    ["of version 11", withBytes("version", "11\n"), "is no version between 1 and 10"],
    ["of version 0", withBytes("version", "0"), "is no version"],
    ["of a version in words", withBytes("version", "three"), "is no version"],
    ["of byte order middle", withBytes("byteorder", "middle"), "'middle' is neither little nor big"],
    ["without its storage", without("data/0"), "data/0, byte 0: is missing"],
    ["with an entry outside the folder", [...good, { name: "x/y", bytes: storage }], "outside the one folder"],
    ["with an entry without a folder", [...good, { name: "x", bytes: storage }], "outside the one folder"],
    ["that is TorchScript", [...good, { name: "archive/constants.pkl", bytes: storage }], "TorchScript"],
    ["with nothing in it", [], "an empty archive"],
    ["with a damaged storage", good.map((e) => (e.name.endsWith("0") ? { ...e, crc: 1 } : e)), "checksum is wrong"],
  ])("%s", (_, entries, message) => {
    expect(messageOf(zip(entries))).toContain(message);
  });

  test("without byteorder is little-endian", () => {
    expect(messageOf(zip(without("byteorder")))).toContain("no error");
  });
});

describe("what is no checkpoint at all is refused, and named:", () => {
  test.each<[string, string]>([
    ["", "an empty file"],
    ["<!DOCTYPE html>", "a web page"],
    ["version https://git-lfs.github.com/spec/v1\n", "a pointer to a large file"],
    [`${"-".repeat(257)}ustar`, "the tar form"],
    ["\x89HDF\r\n\x1a\n", "an HDF5 file"],
    ["\x1f\x8b\x08", "a gzip archive"],
    ["\x80\x04N.", "a plain pickle"],
    ["\x10\0\0\0\0\0\0\0{}", "a safetensors file"],
    ["random bytes", "something else"],
    ["PK\x03\x04", "no end record"],
  ])("%j", (content, message) => {
    expect(messageOf(ascii(content))).toContain(message);
  });
});

test("an error names format, part and byte, and shows no control characters", () => {
  const instructions = [name("os", "sys\x1btem")];
  expect(() => load(checkpoint(program(...instructions)))).toThrow(
    expect.objectContaining({
      format: "torch",
      part: "data.pkl",
      offset: 2,
      message: expect.stringContaining("sys?tem"),
    }),
  );
});
