import type { Tensor } from "unrolled";
import * as torch from "unrolled";
import { nn } from "unrolled";

const { PackedSequence, invertPermutation, packPaddedSequence, packSequence, padPackedSequence } = nn.utils;
const { padSequence, unpackSequence, unpadSequence } = nn.utils;

/** Whole numbers, as Python's are. */
const n = (...values: number[]): Tensor => torch.tensor(values, { dtype: torch.int64 });
const r = (...values: number[]): Tensor => torch.tensor(values);
const int = (value: number): Tensor => torch.tensor(value, { dtype: torch.int64 });
const rows = (...values: number[][]): Tensor => torch.tensor(values, { dtype: torch.int64 });
/** What TypeScript would not let pass. */
const wrong = (value: unknown): never => value as never;

const x = torch.arange(6).reshape(3, 2).float();
const b = rows([1, 2, 0], [3, 0, 0], [4, 5, 6]);
const { zeros: Z, ones } = torch;
const unsorted = { enforceSorted: false };
const first = { batchFirst: true };

/** The Python expressions of test/golden/packing.py, in TypeScript. */
export const CALLS: Readonly<Record<string, () => unknown>> = {
  "pack_padded_sequence(x, [3, 2])": () => packPaddedSequence(x, [3, 2]),
  "pack_padded_sequence(x, [4, 2])": () => packPaddedSequence(x, [4, 2]),
  "pack_padded_sequence(x, [2, 1])": () => packPaddedSequence(x, [2, 1]),
  "pack_padded_sequence(x, [3.9, 2.9])": () => packPaddedSequence(x, [3.9, 2.9]),
  "pack_padded_sequence(x, t([3., 2.]))": () => packPaddedSequence(x, r(3, 2)),
  "pack_padded_sequence(x, [2], enforce_sorted=False)": () => packPaddedSequence(x, [2], unsorted),
  "pack_padded_sequence(x, [3, 2], enforce_sorted=False)": () => packPaddedSequence(x, [3, 2], unsorted),
  "pack_padded_sequence(x, [2, 3])": () => packPaddedSequence(x, [2, 3]),
  "pack_padded_sequence(x, [3, 0])": () => packPaddedSequence(x, [3, 0]),
  "pack_padded_sequence(x, [0, 3])": () => packPaddedSequence(x, [0, 3]),
  "pack_padded_sequence(x, [0, 3], enforce_sorted=False)": () => packPaddedSequence(x, [0, 3], unsorted),
  "pack_padded_sequence(x, [3, -1])": () => packPaddedSequence(x, [3, -1]),
  "pack_padded_sequence(x, [3])": () => packPaddedSequence(x, [3]),
  "pack_padded_sequence(x, [])": () => packPaddedSequence(x, []),
  "pack_padded_sequence(x, [], enforce_sorted=False)": () => packPaddedSequence(x, [], unsorted),
  "pack_padded_sequence(x, t([[3, 2]]))": () => packPaddedSequence(x, rows([3, 2])),
  "pack_padded_sequence(x, t([[3, 2]]), enforce_sorted=False)": () => packPaddedSequence(x, rows([3, 2]), unsorted),
  "pack_padded_sequence(x, 3)": () => packPaddedSequence(x, wrong(3)),
  "pack_padded_sequence(t([1, 2, 3]), [3])": () => packPaddedSequence(n(1, 2, 3), [3]),
  "pack_padded_sequence(t([1, 2, 3]), [3], True)": () => packPaddedSequence(n(1, 2, 3), [3], first),
  "pack_padded_sequence(t([1, 2, 3]), [3], enforce_sorted=False)": () => packPaddedSequence(n(1, 2, 3), [3], unsorted),
  "pack_padded_sequence(Z(0, 2), [1, 1])": () => packPaddedSequence(Z(0, 2), [1, 1]),
  "pack_padded_sequence(Z(3, 2, 0), [3, 2])": () => packPaddedSequence(Z(3, 2, 0), [3, 2]),
  "pad_packed_sequence(pack_padded_sequence(x, [3, 2]), padding_value=-1.5)": () =>
    padPackedSequence(packPaddedSequence(x, [3, 2]), { paddingValue: -1.5 }),
  "pad_packed_sequence(pack_padded_sequence(x, [3, 2]), padding_value=float('nan'))": () =>
    padPackedSequence(packPaddedSequence(x, [3, 2]), { paddingValue: Number.NaN }),
  "pad_packed_sequence(pack_padded_sequence(x.half(), [3, 2]), padding_value=0.1)": () =>
    padPackedSequence(packPaddedSequence(x.half(), [3, 2]), { paddingValue: 0.1 }),
  "pad_packed_sequence(pack_padded_sequence(b, [2, 1, 3], True, False), padding_value=-1.5)": () =>
    padPackedSequence(packPaddedSequence(b, [2, 1, 3], { ...first, ...unsorted }), { paddingValue: -1.5 }),
  "pad_packed_sequence(pack_padded_sequence(x, [3, 2]), total_length=2)": () =>
    padPackedSequence(packPaddedSequence(x, [3, 2]), { totalLength: 2 }),
  "pad_packed_sequence(pack_padded_sequence(x, [4, 2]))": () => padPackedSequence(packPaddedSequence(x, [4, 2])),
  "pad_packed_sequence(PackedSequence(t([1, 2, 3, 4, 5]), t([2, 1]), t([1, 0])))": () =>
    padPackedSequence(new PackedSequence(n(1, 2, 3, 4, 5), n(2, 1), n(1, 0))),
  "pad_packed_sequence(PackedSequence(t([1, 2, 3]), t([], dtype=int64)))": () =>
    padPackedSequence(new PackedSequence(n(1, 2, 3), n())),
  "pad_packed_sequence(x)": () => padPackedSequence(wrong(x)),
  "pack_sequence([t([1, 2, 3]), t([4, 5]), t([6])])": () => packSequence([n(1, 2, 3), n(4, 5), n(6)]),
  "pack_sequence([t([6]), t([1, 2, 3])])": () => packSequence([n(6), n(1, 2, 3)]),
  "pack_sequence([t([]), t([1.])], enforce_sorted=False)": () => packSequence([r(), r(1)], unsorted),
  "pack_sequence([])": () => packSequence([]),
  "pack_sequence([t(1), t(2)])": () => packSequence([int(1), int(2)]),
  "pack_sequence(5)": () => packSequence(wrong(5)),
  "pack_sequence([1, 2])": () => packSequence(wrong([1, 2])),
  "pack_sequence(t([[1, 2], [3, 4]]))": () => packSequence(rows([1, 2], [3, 4])),
  "pad_sequence(t([[1, 2], [3, 4]]))": () => padSequence(rows([1, 2], [3, 4])),
  "pad_sequence([t([1, 2, 3]), t([4])], True, -1.7)": () =>
    padSequence([n(1, 2, 3), n(4)], { ...first, paddingValue: -1.7 }),
  "pad_sequence([t([1, 2]), t([1.5])])": () => padSequence([n(1, 2), r(1.5)]),
  "pad_sequence([t([1.5]), t([1, 2])])": () => padSequence([r(1.5), n(1, 2)]),
  "pad_sequence([Z(2, 3), ones(1, 1)])": () => padSequence([Z(2, 3), ones(1, 1)]),
  "pad_sequence([t([1, 2, 3]), t([4])], padding_side='middle')": () =>
    padSequence([n(1, 2, 3), n(4)], { paddingSide: wrong("middle") }),
  "pad_sequence([])": () => padSequence([]),
  "pad_sequence(5)": () => padSequence(wrong(5)),
  "pad_sequence('ab')": () => padSequence(wrong("ab")),
  "pad_sequence([1, 2])": () => padSequence(wrong([1, 2])),
  "pad_sequence([t([1.]), None])": () => padSequence(wrong([r(1), null])),
  "pad_sequence([t(1)])": () => padSequence([int(1)]),
  "pad_sequence([t([1, 2]), t(3)])": () => padSequence([n(1, 2), int(3)]),
  "pad_sequence(t(1))": () => padSequence(int(1)),
  "pad_sequence([Z(2, 3), ones(1, 4)])": () => padSequence([Z(2, 3), ones(1, 4)]),
  "pad_sequence([Z(2, 1), ones(1, 3)])": () => padSequence([Z(2, 1), ones(1, 3)]),
  "pad_sequence([t([1, 2]), t([[3]])])": () => padSequence([n(1, 2), rows([3])]),
  "unpad_sequence(b, t([5, 0, 2]), True)": () => unpadSequence(b, n(5, 0, 2), true),
  "unpad_sequence(b, t([2.5, -1, 1]), True)": () => unpadSequence(b, r(2.5, -1, 1), true),
  "unpad_sequence(b, t([3]), True)": () => unpadSequence(b, n(3), true),
  "unpad_sequence(b, t([3, 2, 1, 1]), True)": () => unpadSequence(b, n(3, 2, 1, 1), true),
  "unpad_sequence(b, t(3), True)": () => unpadSequence(b, int(3), true),
  "unpad_sequence(b, [3, 1, 1], True)": () => unpadSequence(b, wrong([3, 1, 1]), true),
  "unpad_sequence(t([1, 2, 3]), t([3]))": () => unpadSequence(n(1, 2, 3), n(3)),
  "unpad_sequence(t([1, 2, 3]), t([3]), True)": () => unpadSequence(n(1, 2, 3), n(3), true),
  "unpack_sequence(x)": () => unpackSequence(wrong(x)),
  "invert_permutation(t([2, 0, 1]))": () => invertPermutation(n(2, 0, 1)),
  "invert_permutation(None)": () => invertPermutation(null),
  "invert_permutation(t([], dtype=int64))": () => invertPermutation(n()),
  "invert_permutation(t([5, 0, 1]))": () => invertPermutation(n(5, 0, 1)),
  "invert_permutation(t([2., 0.]))": () => invertPermutation(r(2, 0)),
  "PackedSequence(t([1, 2, 3]), t([2, 1]))": () => new PackedSequence(n(1, 2, 3), n(2, 1)),
  "PackedSequence(t([1, 2, 3]), t([2, 1]), t([1, 0]))": () => new PackedSequence(n(1, 2, 3), n(2, 1), n(1, 0)),
  "PackedSequence([t([1, 2, 3]), t([2, 1])])": () => new PackedSequence([n(1, 2, 3), n(2, 1)]),
  "PackedSequence(t([1, 2, 3]))": () => new PackedSequence(n(1, 2, 3)),
  "PackedSequence(t([1, 2, 3]), t([2, 1])).cuda()": () => new PackedSequence(n(1, 2, 3), n(2, 1)).cuda(),
  "PackedSequence(t([[1, 2], [3, 4]]), t([2]), t([1, 0])).double()": () =>
    new PackedSequence(rows([1, 2], [3, 4]), n(2), n(1, 0)).double(),
  "len(PackedSequence(t([1, 2, 3]), t([2, 1])))": () => new PackedSequence(n(1, 2, 3), n(2, 1)).length,
  "pack_sequence([t([1.7, 300.0])]).byte()": () => packSequence([r(1.7, 300)]).byte(),
  "pack_sequence([t([1.7, -2.5])]).char()": () => packSequence([r(1.7, -2.5)]).char(),
  "pack_sequence([t([1.7, -2.5])]).half()": () => packSequence([r(1.7, -2.5)]).half(),
  "pack_sequence([t([1.7, -2.5])]).long()": () => packSequence([r(1.7, -2.5)]).long(),
};
