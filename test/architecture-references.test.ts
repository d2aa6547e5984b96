/**
 * What is written points at what is there: links of documents, files that documents and comments name, and callers
 * that a file's header names.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';

const FOLDERS = ['src', 'test', 'bench', 'scripts', 'docs', 'examples', 'bin'];
const CODE = /\.(?:ts|mjs|cjs|peggy)$/;
const COMMENT = /\/\*[^]*?\*\/|(?<![:'"`\w])\/\/.*$/gm;
const FILE_NAME = /(?<![\w.*@-])[\w./-]*[\w-]\.(?:ts|mjs|cjs|md|peggy)\b/;
const FILE_NAMES = new RegExp(FILE_NAME, 'g');

const files = [
  ...FOLDERS.flatMap(folder =>
    readdirSync(folder, { recursive: true })
      .map(file => join(folder, String(file)))
      .filter(file => !file.includes('node_modules')),
  ),
  ...readdirSync('.').filter(file => file.endsWith('.md')),
];
const documents = files.filter(file => file.endsWith('.md'));
const sources = files.filter(file => CODE.test(file));
const names = new Set(files.map(file => basename(file)));

function commentsOf(file: string): string {
  const comments = readFileSync(file, 'utf8').match(COMMENT) ?? [];
  return comments.join('\n').replace(/\n\s*\* ?/g, ' ');
}

/** Names in capitals stand for others. */
function isThere(name: string): boolean {
  if (/\b[A-Z]{4}\b/.test(name)) return true;
  return name.includes('/') ? files.some(file => `/${file}`.endsWith(`/${name}`)) : names.has(name);
}

function unknownFiles(file: string, text: string): string[] {
  const named = text.match(FILE_NAMES) ?? [];
  return named.filter(name => !isThere(name)).map(name => `${file} names ${name}`);
}

test('links of documents lead to files', () => {
  const broken = documents.flatMap(file =>
    [...readFileSync(file, 'utf8').matchAll(/\]\((?!https?:)([^)#\s]+)[^)\s]*\)/g)]
      .map(([, link = '']) => link)
      .filter(link => !existsSync(join(dirname(file), link)))
      .map(link => `${file} leads to ${link}`),
  );
  assert.deepEqual(broken, []);
});

test('documents and comments name files that exist', () => {
  const unknown = [
    ...documents.flatMap(file => unknownFiles(file, readFileSync(file, 'utf8'))),
    ...sources.flatMap(file => unknownFiles(file, commentsOf(file))),
  ];
  assert.deepEqual(unknown, []);
});

test('one of the callers that a comment names imports the file', () => {
  const wrong = sources.flatMap(file =>
    (commentsOf(file).match(/\bCalled by (?:[^.]|\.(?=\w))*/g) ?? [])
      .filter(
        claim => FILE_NAME.test(claim) && !claim.match(FILE_NAMES)?.some(caller => imports(caller, file)),
      )
      .map(claim => `${file}: ${claim}`),
  );
  assert.deepEqual(wrong, []);
});

function imports(caller: string, file: string): boolean {
  const callers = sources.filter(source => `/${source}`.endsWith(`/${caller}`));
  return callers.some(source => readFileSync(source, 'utf8').includes(`/${basename(file)}'`));
}
