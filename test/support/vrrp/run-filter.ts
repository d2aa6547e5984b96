/** A classic BPF program, without a kernel: the instructions that advert-filter.ts uses. */

/** Runs a filter as the kernel does; IPv4 packets start with their header. */
export function runFilter(code: Buffer, packet: Buffer): boolean {
  let accumulator = 0;
  let index = 0;
  for (let at = 0; ; at++) {
    const operation = code.readUInt16LE(at * 8);
    const [jumpTrue = 0, jumpFalse = 0] = code.subarray(at * 8 + 2, at * 8 + 4);
    const value = code.readUInt32LE(at * 8 + 4);
    if (operation === 0x80) accumulator = packet.length;
    else if (operation === 0x30) accumulator = packet[value] ?? -1;
    else if (operation === 0x50) accumulator = packet[index + value] ?? -1;
    else if (operation === 0xb1) index = 4 * ((packet[value] ?? 0) & 15);
    else if (operation === 0x04) accumulator += value;
    else if (operation === 0x0c) accumulator += index;
    else if (operation === 0x24) accumulator *= value;
    else if (operation === 0x07) index = accumulator;
    else if (operation === 0x3d) at += accumulator >= index ? jumpTrue : jumpFalse;
    else if (operation === 0x35) at += accumulator >= value ? jumpTrue : jumpFalse;
    else if (operation === 0x15) at += accumulator === value ? jumpTrue : jumpFalse;
    else return value !== 0;
  }
}
