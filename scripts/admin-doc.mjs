// Writes the table of commands in docs/admin-socket.md: `npm run -s build && node scripts/admin-doc.mjs`.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { withCommandTable } from '../dist/src/admin/commands-page.js';

const file = fileURLToPath(new URL('../docs/admin-socket.md', import.meta.url));
const page = withCommandTable(readFileSync(file, 'utf8'));
if (page === undefined) throw new Error('docs/admin-socket.md has no place for the table');
writeFileSync(file, page);
