// Writes docs/samples.md from the tables of the built program: `npm run -s build && node scripts/samples-doc.mjs`.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { renderSamplesPage } from '../dist/src/acl/samples-page.js';

writeFileSync(fileURLToPath(new URL('../docs/samples.md', import.meta.url)), renderSamplesPage());
