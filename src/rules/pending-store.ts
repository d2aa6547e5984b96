/** What a request wants to remember of the server that answers it (`stick on`, `stick store-request`). */
import type { Sample } from '../acl/sample.ts';
import type { LoadKey } from '../acl/tracking/key-loader.ts';
import type { StickTable } from '../state/stick-table/stick-table.ts';

export interface PendingStore {
  readonly table: StickTable;
  readonly load: LoadKey;
  readonly key: Sample;
}
