/** The servers behind the balancers, on the load's CPU: nginx, and a reader of uploads. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { originConfiguration } from './configurations.ts';
import { accepting, freePort, LOAD_CPU, pinned, stop } from './processes.ts';

export interface Origins {
  readonly web: number;
  readonly upload: number;
  stop(): Promise<void>;
}

const UPLOAD = fileURLToPath(new URL('../../bench/peers/origin.mjs', import.meta.url));

export async function startOrigins(folder: string): Promise<Origins> {
  const web = await freePort();
  writeFileSync(join(folder, 'large'), Buffer.alloc(1 << 20, 'x'));
  writeFileSync(join(folder, 'nginx.conf'), originConfiguration(folder, web));
  const nginx = pinned(LOAD_CPU, ['nginx', '-p', folder, '-c', join(folder, 'nginx.conf')]);
  await accepting(nginx, web, 'the origin');
  const upload = await freePort();
  const reader = pinned(LOAD_CPU, [process.execPath, UPLOAD, String(upload)]);
  await accepting(reader, upload, 'the origin of uploads');
  return {
    web,
    upload,
    stop: async () => {
      await stop(nginx);
      await stop(reader);
    },
  };
}
