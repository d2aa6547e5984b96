/** What an earlier process left in the kernel when it was killed: taken away before anything starts. */
import type { HeldStateFile } from './held-state.ts';
import type { IpBatch } from './ip-batch.ts';
import { ipOf } from './ip-bytes.ts';
import type { Log } from './log.ts';
import type { Network } from './network.ts';

const PLAIN = {
  position: { file: '', line: 0, column: 0 },
  home: false,
  mngtmpaddr: false,
  noprefixroute: false,
  autojoin: false,
  noTrack: false,
} as const;

export function removeLeftovers(held: HeldStateFile, network: Network, batch: IpBatch, log: Log): void {
  const left = held.read();
  for (const { device, address, prefixLength } of left.addresses) {
    const link = network.link(device);
    if (link === undefined) continue;
    log('notice', `removing ${address} from ${device}, left over from an earlier process`);
    network.removeAddress({ ...PLAIN, family: ipOf(address).family, address, prefixLength }, link);
  }
  batch.runNow(left.undo);
  held.forget();
}
