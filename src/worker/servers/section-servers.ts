/** Servers that are no proxy's: of rings, of peers, and nameservers that are asked over streams. */
import type { Config } from '../../model/config.ts';
import type { Server } from '../../model/server.ts';

export function sectionServers({ peers, rings, nameservers }: Config): readonly Server[] {
  return [
    ...peers.flatMap(section => section.peers.map(({ server }) => server)),
    ...[...rings, ...nameservers].flatMap(({ servers }) => servers),
  ];
}
