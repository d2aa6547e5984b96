/**
 * One attribute among those of a netlink message (linux/netlink.h), without a list of them all: lists of the kernel may have
 * hundreds of thousands of objects.
 */

const TYPE_MASK = 0x3fff;

export function attributeIn(bytes: Buffer | undefined, type: number): Buffer | undefined {
  if (bytes === undefined) return undefined;
  for (let at = 0; at + 4 <= bytes.length;) {
    const length = bytes.readUInt16LE(at);
    if (length < 4 || at + length > bytes.length) return undefined;
    if ((bytes.readUInt16LE(at + 2) & TYPE_MASK) === type) return bytes.subarray(at + 4, at + length);
    at += (length + 3) & ~3;
  }
  return undefined;
}

/** What stands in a list of attributes, one after the other. */
export function* attributesOf(bytes: Buffer | undefined): Generator<Buffer> {
  if (bytes === undefined) return;
  for (let at = 0; at + 4 <= bytes.length;) {
    const length = bytes.readUInt16LE(at);
    if (length < 4 || at + length > bytes.length) return;
    yield bytes.subarray(at + 4, at + length);
    at += (length + 3) & ~3;
  }
}
