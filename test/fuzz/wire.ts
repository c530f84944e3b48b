// Encoded protobuf, changed in the ways that decoders must survive.
import { Buffer } from "node:buffer";
import type { Chance } from "./chance.ts";

type Field = { number: number; type: number; value: Buffer; lie?: bigint };

const LENGTH = 2;
const LIES = [0n, 1n, 2n, 127n, 128n, 65536n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 63n, 2n ** 64n - 1n];
const NUMBERS = [0, 1, 2, 3, 4, 5, 15, 16, 18_999, 19_000, 2 ** 28, 2 ** 29 - 1];
/** Of encodings that no varint may have, too. */
const VARINTS = [
  "00",
  "7f",
  "ffffffff0f",
  "ffffffffffffffffff01",
  "ffffffffffffffffff7f",
  "80".repeat(10),
  "ff".repeat(20),
];

/** One to three changes of an encoded message. */
export function mutatedWire(bytes: Buffer, chance: Chance): Buffer {
  let result = bytes;
  for (let i = chance.few(2); i >= 0; i--) {
    const fields = parse(result);
    const wire = fields === undefined || fields.length === 0 ? chance.damaged(result) : changed(fields, chance);
    result = wire.subarray(0, 200_000);
  }
  return result;
}

function changed(fields: Field[], chance: Chance): Buffer {
  const at = chance.int(fields.length);
  const field = fields[at]!;
  switch (chance.int(12)) {
    case 0:
      fields.splice(at, 1);
      break;
    case 1:
      fields.splice(at, 0, ...Array.from({ length: 1 + chance.few(2000) }, () => field));
      break;
    case 2:
      fields.push(...fields.splice(at, 1));
      break;
    case 3:
      fields[at] = { ...field, number: chance.pick(NUMBERS) };
      break;
    case 4:
      fields[at] = { ...field, type: chance.int(8) };
      break;
    case 5:
      fields[at] = { ...field, type: 0, value: Buffer.from(chance.pick(VARINTS), "hex") };
      break;
    case 6:
      fields[at] = { ...field, type: LENGTH, lie: chance.pick(LIES) };
      break;
    case 7:
      fields[at] = { ...field, type: LENGTH, value: nested(field, 1 + chance.few(3000)) };
      break;
    case 8: // groups that open, and close or do not
      return Buffer.concat([
        encode(fields),
        Buffer.alloc(chance.few(30_000), 0x0b),
        Buffer.alloc(chance.few(30_000), 0x0c),
      ]);
    case 9:
      fields[at] = { ...field, type: LENGTH, value: Buffer.concat([field.value, chance.bytes(1 + chance.few(2000))]) };
      break;
    case 10: // one level deeper
      fields[at] = field.type === LENGTH ? { ...field, value: mutatedWire(field.value, chance) } : field;
      break;
    default:
      return chance.damaged(encode(fields));
  }
  return encode(fields);
}

function nested(field: Field, depth: number): Buffer {
  let value = field.value.subarray(0, 100);
  for (let i = 0; i < depth && value.length < 50_000; i++) value = encode([{ ...field, type: LENGTH, value }]);
  return value;
}

function encode(fields: readonly Field[]): Buffer {
  return Buffer.concat(
    fields.flatMap(({ number, type, value, lie }) => {
      const tag = varint(BigInt(number) * 8n + BigInt(type));
      return type === LENGTH ? [tag, varint(lie ?? BigInt(value.length)), value] : [tag, value];
    }),
  );
}

function varint(value: bigint): Buffer {
  const out: number[] = [];
  let rest = value;
  for (; rest > 127n; rest >>= 7n) out.push(Number(rest & 127n) | 128);
  return Buffer.from([...out, Number(rest)]);
}

/** The fields of a message; undefined if it is none. */
function parse(bytes: Buffer): Field[] | undefined {
  const fields: Field[] = [];
  let at = 0;
  const take = (length: number): Buffer => {
    at += length;
    return bytes.subarray(at - length, at);
  };
  const takeVarint = (): Buffer => {
    let length = 1;
    while (at + length <= bytes.length && bytes[at + length - 1]! > 127) length++;
    return take(length);
  };
  while (at < bytes.length) {
    const tag = numberIn(takeVarint());
    const number = Math.floor(tag / 8);
    const type = tag % 8;
    if (type === 0) fields.push({ number, type, value: takeVarint() });
    else if (type === 1 || type === 5) fields.push({ number, type, value: take(type === 1 ? 8 : 4) });
    else if (type === LENGTH) fields.push({ number, type, value: take(numberIn(takeVarint())) });
    else return undefined;
    if (fields.length > 5000) return undefined;
  }
  return at === bytes.length ? fields : undefined;
}

function numberIn(varintBytes: Buffer): number {
  let value = 0;
  varintBytes.forEach((byte, i) => {
    value += (byte & 127) * 2 ** (7 * i);
  });
  return value;
}
