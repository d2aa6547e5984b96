/** What `show stat json` and `show info json` look like, as a JSON schema (`show schema json`, `;json-schema`). */
import { NATURES, ORIGINS, SCOPES } from './value.ts';

const S32 = 2 ** 31;

function typed(type: string, value: object): object {
  return { properties: { type: { type: 'string', enum: [type] }, value } };
}

function refs(...names: string[]): Record<string, object> {
  return Object.fromEntries(
    names.map(name => [name, { $ref: `#/definitions/${name === 'value' ? 'typedValue' : name}` }]),
  );
}

function names(words: Readonly<Record<string, string>>): object {
  return { type: 'string', enum: [...Object.values(words), 'Unknown'] };
}

const INFO = {
  title: 'Info',
  type: 'array',
  items: {
    title: 'InfoItem',
    type: 'object',
    properties: refs('field', 'processNum', 'tags', 'value'),
    required: ['field', 'processNum', 'tags', 'value'],
  },
};

const STAT = {
  title: 'Stat',
  type: 'array',
  items: {
    title: 'InfoItem',
    type: 'object',
    properties: {
      objType: { enum: ['Frontend', 'Backend', 'Listener', 'Server', 'Unknown'] },
      proxyId: { type: 'integer', minimum: 0 },
      id: { type: 'integer', minimum: 0 },
      ...refs('field', 'processNum', 'tags', 'typedValue'),
    },
    required: ['objType', 'proxyId', 'id', 'field', 'processNum', 'tags', 'value'],
  },
};

const FAILURE = {
  title: 'Error',
  type: 'object',
  properties: { errorStr: { type: 'string' } },
  required: ['errorStr'],
};

const TYPES = {
  s32Value: typed('s32', { type: 'integer', minimum: -S32, maximum: S32 - 1 }),
  s64Value: typed('s64', {
    type: 'integer',
    minimum: Number.MIN_SAFE_INTEGER,
    maximum: Number.MAX_SAFE_INTEGER,
  }),
  u32Value: typed('u32', { type: 'integer', minimum: 0, maximum: 2 * S32 - 1 }),
  u64Value: typed('u64', { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  strValue: typed('str', { type: 'string' }),
  fltValue: typed('flt', { type: 'number' }),
};

const DEFINITIONS = {
  field: {
    type: 'object',
    pos: { type: 'integer', minimum: 0 },
    name: { type: 'string' },
    required: ['pos', 'name'],
  },
  processNum: { type: 'integer', minimum: 1 },
  tags: {
    type: 'object',
    origin: names(ORIGINS),
    nature: names(NATURES),
    scope: names(SCOPES),
    required: ['origin', 'nature', 'scope'],
  },
  typedValue: {
    type: 'object',
    oneOf: Object.keys(TYPES).map(name => ({ $ref: `#/definitions/typedValue/definitions/${name}` })),
    definitions: TYPES,
  },
};

export const JSON_SCHEMA = JSON.stringify({
  $schema: 'http://json-schema.org/draft-04/schema#',
  oneOf: [INFO, STAT, FAILURE],
  definitions: DEFINITIONS,
});
