// docs/openapi.json -> src/api/schema.gen.ts: a type for each schema and one for each operation, keyed "METHOD /path".
// --check: fails when the committed file is not what the document says.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const here = path => fileURLToPath(new URL(path, import.meta.url))
const doc = JSON.parse(readFileSync(here('../../docs/openapi.json'), 'utf8'))
const target = here('../src/api/schema.gen.ts')

const typeName = name => name.replace(/(^|_)([a-z0-9])/g, (_, __, c) => c.toUpperCase())
const key = name => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name))

function scalar(schema, kind) {
  if (kind === 'array') return `${wrapped(type(schema.items))}[]`
  if (kind === 'object') return schema.properties ? members(schema) : record(schema)
  return { integer: 'number', number: 'number', string: 'string', boolean: 'boolean', null: 'null' }[kind] ?? 'unknown'
}

const wrapped = t => (t.includes('|') ? `(${t})` : t)
const record = schema =>
  `Record<string, ${schema.additionalProperties && schema.additionalProperties !== true ? type(schema.additionalProperties) : 'unknown'}>`

function type(schema) {
  if (!schema || schema === true) return 'unknown'
  if (schema.$ref) return typeName(schema.$ref.split('/').pop())
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum) return schema.enum.map(v => JSON.stringify(v)).join(' | ')
  const any = schema.oneOf ?? schema.anyOf
  if (any) return [...new Set(any.map(type))].join(' | ')
  const kinds = Array.isArray(schema.type) ? schema.type : [schema.type]
  if (kinds.length > 4) return 'unknown' // any JSON
  return [...new Set(kinds.map(k => scalar(schema, k)))].join(' | ')
}

const remark = text => (text ? `/** ${text.replace(/\*\//g, '* /')} */ ` : '')

function members(schema) {
  const needed = new Set(schema.required ?? [])
  const lines = Object.entries(schema.properties).map(
    ([n, p]) => `${remark(p.description)}${key(n)}${needed.has(n) ? '' : '?'}: ${type(p)}`
  )
  return lines.length ? `{\n${lines.map(l => `  ${l.replaceAll('\n', '\n  ')}`).join('\n')}\n}` : 'Record<string, never>'
}

function parameters(operation, place) {
  const all = (operation.parameters ?? []).filter(p => p.in === place)
  if (!all.length) return undefined
  const list = all.filter(p => p.schema.type !== 'object')
  // Parameters of any name: nothing can be said of the others any more.
  if (list.length < all.length) return 'Record<string, string | number | boolean | null | undefined>'
  return `{ ${list.map(p => `${key(p.name)}${p.required ? '' : '?'}: ${type(p.schema)}`).join('; ')} }`
}

const json = content => content?.['application/json']
function result(operation) {
  const good = Object.entries(operation.responses).find(([status]) => status >= '200' && status < '300')
  const content = good?.[1].content
  if (!content) return 'undefined'
  return json(content) ? type(json(content).schema) : 'Blob'
}

function operation(path, method, op) {
  const fields = []
  const add = (name, t, optional) => t && fields.push(`${name}${optional ? '?' : ''}: ${t}`)
  const query = parameters(op, 'query')
  add('path', parameters(op, 'path'))
  add('query', query, query && !op.parameters.some(p => p.in === 'query' && p.required))
  const body = op.requestBody && (json(op.requestBody.content) ? type(json(op.requestBody.content).schema) : 'Blob')
  add('body', body, op.requestBody && !op.requestBody.required && body !== 'Blob')
  const indented = fields.map(f => `    ${f.replaceAll('\n', '\n    ')}`).join('\n')
  const input = fields.length ? `{\n${indented}\n    }` : 'Record<string, never>'
  return `  ${remark(op.summary)}\n  '${method.toUpperCase()} ${path}': {\n    input: ${input.replaceAll('\n', '\n  ')}\n    result: ${result(op)}\n  }`.replace(
    / \n/,
    '\n'
  )
}

const parts = ['// Made from docs/openapi.json by tools/gen-api.mjs. Do not edit.\n']
for (const [name, schema] of Object.entries(doc.components.schemas))
  parts.push(`${remark(schema.description)}\nexport type ${typeName(name)} = ${type(schema)}\n`.trimStart())
parts.push('export interface Api {')
for (const [path, item] of Object.entries(doc.paths))
  for (const [method, op] of Object.entries(item)) if (op.operationId) parts.push(operation(path, method, op))
parts.push('}\n')
const text = parts.join('\n')

if (process.argv.includes('--check')) {
  let committed = ''
  try {
    committed = readFileSync(target, 'utf8')
  } catch {
    // a missing file differs
  }
  if (committed !== text) {
    console.error('src/api/schema.gen.ts is not what docs/openapi.json says: run "npm run gen" in web/')
    process.exit(1)
  }
} else writeFileSync(target, text)
