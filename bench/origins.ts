/** The servers behind the balancers, on the load's CPU: nginx, a reader of uploads, and an echo of websockets. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { originConfiguration } from './configurations.ts';
import { accepting, freePort, LOAD_CPU, pinned, stop } from './processes.ts';
import { prose } from './prose.ts';

export interface Origins {
  readonly web: number;
  readonly upload: number;
  readonly websocket: number;
  stop(): Promise<void>;
}

const peer = (name: string): string =>
  fileURLToPath(new URL(`../../bench/peers/${name}.mjs`, import.meta.url));

const MEDIUM_BYTES = 100_000;
const TEXT_BYTES = 20_000;

export async function startOrigins(folder: string): Promise<Origins> {
  const web = await freePort();
  writeFileSync(join(folder, 'large'), Buffer.alloc(1 << 20, 'x'));
  writeFileSync(join(folder, 'medium'), Buffer.alloc(MEDIUM_BYTES, 'x'));
  writeFileSync(join(folder, 'text'), prose(TEXT_BYTES));
  writeFileSync(join(folder, 'nginx.conf'), originConfiguration(folder, web));
  const nginx = pinned(LOAD_CPU, ['nginx', '-p', folder, '-c', join(folder, 'nginx.conf')]);
  await accepting(nginx, web, 'the origin');
  const upload = await freePort();
  const reader = pinned(LOAD_CPU, [process.execPath, peer('origin'), String(upload)]);
  await accepting(reader, upload, 'the origin of uploads');
  const websocket = await freePort();
  const echo = pinned(LOAD_CPU, [process.execPath, peer('websocket-origin'), String(websocket)]);
  await accepting(echo, websocket, 'the origin of websockets');
  return {
    web,
    upload,
    websocket,
    stop: async () => {
      await stop(nginx);
      await stop(reader);
      await stop(echo);
    },
  };
}
