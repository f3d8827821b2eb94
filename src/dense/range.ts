/** The range of a dtype, and what C++ calls it in the messages about that. Loading a file needs neither. */
import { RuntimeError } from "../check.ts";
import { type DrawType, LIMITS } from "../random/element.ts";
import { bool, type DType, type Scalar, uint8 } from "./dtype.ts";

/** Demands a value in the range of the dtype. Whole numbers from −255 on are bytes, too; floats have NaN and infinities. */
export function expectFitting(value: Scalar, dtype: DType): void {
  if (dtype === bool || (typeof value !== "number" && typeof value !== "bigint")) return;
  const { lowest, highest } = LIMITS[dtype.name as DrawType];
  const number = Number(value);
  if (dtype.kind === "float" && !Number.isFinite(number)) return;
  const least = dtype === uint8 && Number.isInteger(number) ? -255 : lowest;
  if (number >= least && number <= highest) return;
  const name = SIZED_NAMES[dtype.name] ?? cppName(dtype);
  throw new RuntimeError(`value cannot be converted to type ${name} without overflow`);
}

/** What C++ calls integers of a certain size. */
const SIZED_NAMES: Readonly<Record<string, string>> = {
  int64: "int64_t",
  int16: "int16_t",
  int8: "int8_t",
  uint8: "uint8_t",
};

/** Integers that these messages call otherwise than those about draws. */
const OTHER_NAMES: Readonly<Record<string, string>> = { int64: "long long", int16: "short" };

/** What C++ calls the dtype, as some messages do. */
export function cppName(dtype: DType): string {
  return OTHER_NAMES[dtype.name] ?? LIMITS[dtype.name as DrawType].name;
}
