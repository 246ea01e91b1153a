/** JSON Schema 2020-12 of a procedure document. What a schema cannot say is in `checks.ts`. */

const text = { type: 'string', minLength: 1, maxLength: 500 } as const;
const id = { type: 'string', pattern: '^[a-z][a-z0-9-]{0,39}$' } as const;
const role = { type: 'string', pattern: '^[a-z][A-Za-z0-9-]{0,39}$' } as const;
const field = { type: 'string', pattern: '^[a-z][A-Za-z0-9]{0,39}$' } as const;
const bilingual = {
  type: 'object',
  properties: { zh: text, en: text },
  required: ['zh', 'en'],
  additionalProperties: false,
} as const;
const bilinguals = { type: 'array', items: bilingual } as const;
const limit = {
  type: ['object', 'null'],
  properties: {
    value: { type: 'integer', minimum: 1, maximum: 365 },
    unit: { enum: ['workingDay', 'calendarDay', 'month'] },
    kind: { enum: ['statutory', 'regulation', 'promised'] },
    basis: text,
    since: id,
  },
  required: ['value', 'unit', 'kind', 'basis'],
  additionalProperties: false,
} as const;
const end = {
  oneOf: [
    { const: 'window' },
    { type: 'object', properties: { party: role }, required: ['party'], additionalProperties: false },
  ],
} as const;
const product = {
  type: 'object',
  properties: {
    document: bilingual,
    certificate: {
      oneOf: [
        { type: 'null' },
        {
          type: 'object',
          properties: { kind: id, prefix: { type: 'string', pattern: '^[A-Z]{1,6}$' } },
          required: ['kind', 'prefix'],
          additionalProperties: false,
        },
      ],
    },
  },
  required: ['document', 'certificate'],
  additionalProperties: false,
} as const;
const condition = {
  type: 'object',
  properties: { field, equals: { type: ['string', 'number', 'boolean'] }, present: { type: 'boolean' } },
  required: ['field'],
  oneOf: [{ required: ['equals'] }, { required: ['present'] }],
  additionalProperties: false,
} as const;

const commonProperties = {
  id,
  name: bilingual,
  after: { type: 'array', items: id, uniqueItems: true },
  limit,
  when: condition,
  note: bilingual,
} as const;
const commonRequired = ['id', 'kind', 'name', 'after', 'limit'] as const;
const task = {
  type: 'object',
  properties: {
    ...commonProperties,
    kind: { const: 'task' },
    party: role,
    produces: { type: 'array', items: product },
    onReject: { enum: ['end', 'continue'] },
    acceptance: { enum: ['each', 'all-or-none'] },
  },
  required: [...commonRequired, 'party', 'produces'],
  additionalProperties: false,
} as const;
const parcel = {
  type: 'object',
  properties: {
    ...commonProperties,
    kind: { const: 'parcel' },
    contents: { enum: ['originals', 'results'] },
    from: end,
    to: end,
    payer: { enum: ['receiving', 'competent', 'applicant', 'body'] },
  },
  required: [...commonRequired, 'contents', 'from', 'to', 'payer'],
  additionalProperties: false,
} as const;

export const documentSchema = {
  type: 'object',
  properties: {
    id,
    version: { type: 'string', pattern: '^[0-9]{4}\\.[0-9]{1,4}$' },
    name: bilingual,
    mode: { enum: ['online', 'proxy', 'joint', 'delegated'] },
    sources: { type: 'array', items: text, minItems: 1 },
    gaps: bilinguals,
    preconditions: bilinguals,
    form: { type: 'object' },
    parties: {
      type: 'object',
      propertyNames: role,
      minProperties: 1,
      additionalProperties: {
        type: 'object',
        properties: {
          name: bilingual,
          function: id,
          localities: {
            oneOf: [
              { type: 'object', properties: { form: field }, required: ['form'], additionalProperties: false },
              {
                type: 'object',
                properties: { forms: { type: 'array', items: field, minItems: 2, uniqueItems: true } },
                required: ['forms'],
                additionalProperties: false,
              },
              {
                type: 'object',
                properties: { receiving: { const: true } },
                required: ['receiving'],
                additionalProperties: false,
              },
            ],
          },
          many: { const: true },
          differsFrom: role,
        },
        required: ['name', 'function', 'localities'],
        additionalProperties: false,
      },
    },
    materials: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          kind: id,
          name: bilingual,
          necessity: { enum: ['needed', 'tolerable', 'optional'] },
          original: { type: 'boolean' },
        },
        required: ['kind', 'name', 'necessity'],
        additionalProperties: false,
      },
    },
    totalLimit: limit,
    applicantDone: { type: 'array', items: id, minItems: 1, uniqueItems: true },
    steps: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['kind'],
        discriminator: { propertyName: 'kind' },
        oneOf: [task, parcel],
      },
    },
  },
  required: [
    'id',
    'version',
    'name',
    'mode',
    'sources',
    'gaps',
    'preconditions',
    'form',
    'parties',
    'materials',
    'totalLimit',
    'applicantDone',
    'steps',
  ],
  additionalProperties: false,
} as const;
