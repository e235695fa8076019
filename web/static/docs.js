// The API's own description as a page: reads openapi.json, makes one folded entry an operation. No library, no foreign origin.
'use strict'
const el = (name, props, ...children) => {
  const e = Object.assign(document.createElement(name), props)
  e.append(...children.filter(c => c !== null && c !== undefined))
  return e
}
const tr = (en, ru) => document.documentElement.lang === 'ru' ? ru : en

function typeText(schema, doc) {
  if (!schema) return ''
  if (schema.$ref) return schema.$ref.split('/').pop()
  if (schema.oneOf || schema.anyOf) return (schema.oneOf || schema.anyOf).map(s => typeText(s, doc)).join(' | ')
  const type = Array.isArray(schema.type) ? schema.type.join(' | ') : schema.type || 'any'
  if (schema.items) return type.replace('array', typeText(schema.items, doc) + '[]')
  return schema.enum ? schema.enum.map(v => JSON.stringify(v)).join(' | ') : type + (schema.format ? ' (' + schema.format + ')' : '')
}

function limits(s) {
  const out = []
  for (const k of ['minLength', 'maxLength', 'minimum', 'maximum', 'minItems', 'maxItems', 'default'])
    if (s[k] !== undefined) out.push(k + ' ' + JSON.stringify(s[k]))
  return out.join(', ')
}

const row = (name, type, doc, required) => el('tr', {}, el('td', {}, el('code', { textContent: name }), required ? ' *' : ''),
  el('td', { textContent: type }), el('td', { textContent: doc }))
const table = rows => rows.length ? el('table', {}, el('thead', {}, el('tr', {}, el('th', { textContent: tr('Name', 'Имя') }),
  el('th', { textContent: tr('Type', 'Тип') }), el('th', { textContent: tr('Meaning', 'Смысл') }))), el('tbody', {}, ...rows)) : null

function resolve(schema, doc) {
  while (schema && schema.$ref) schema = schema.$ref.slice(2).split('/').reduce((o, k) => o[k], doc)
  return schema || {}
}

function members(schema, doc) {
  const s = resolve(schema, doc)
  const object = s.oneOf ? resolve(s.oneOf[0], doc) : s.type === 'array' ? resolve(s.items, doc) : s
  return Object.entries(object.properties || {}).map(([name, p]) =>
    row(name, typeText(p, doc), [p.description, limits(p)].filter(Boolean).join(' · '), (object.required || []).includes(name)))
}

function bodySection(title, content, doc) {
  const kind = content && Object.keys(content)[0]
  if (!kind) return null
  return el('section', {}, el('h4', { textContent: title + ' ' + kind + ' ' + typeText(content[kind].schema, doc) }), table(members(content[kind].schema, doc)))
}

function entry(path, method, op, doc) {
  const parameters = (op.parameters || []).map(p => row(p.name + ' (' + p.in + ')', typeText(p.schema, doc),
    [p.description, limits(p.schema || {})].filter(Boolean).join(' · '), p.required))
  const success = Object.entries(op.responses).find(([status]) => status < '400')
  const rights = (op['x-rights'] || []).join(', ')
  return el('details', { id: op.operationId },
    el('summary', {}, el('span', { className: 'method', textContent: method.toUpperCase() }), el('code', { textContent: path }),
      el('span', { className: 'doc', textContent: op.summary || op.description || '' })),
    el('div', {}, el('p', { textContent: rights ? tr('Needs: ', 'Требует: ') + rights : tr('Open to anyone', 'Открыто для всех') }), table(parameters),
      op.requestBody ? bodySection(tr('Request', 'Запрос'), op.requestBody.content, doc) : null,
      success ? bodySection(tr('Answer ', 'Ответ ') + success[0], success[1].content, doc) : null))
}

async function main() {
  const doc = await (await fetch('/api/openapi.json')).json()
  document.getElementById('version').textContent = doc.info.version
  const place = document.getElementById('operations')
  const entries = []
  for (const [path, item] of Object.entries(doc.paths))
    for (const [method, op] of Object.entries(item)) {
      if (!op.operationId) continue
      const e = entry(path, method, op, doc)
      entries.push([(method + ' ' + path + ' ' + (op.summary || '')).toLowerCase(), e])
      place.append(e)
    }
  document.getElementById('filter').addEventListener('input', event => {
    const words = event.target.value.toLowerCase().split(/\s+/)
    for (const [text, e] of entries) e.hidden = !words.every(w => text.includes(w))
  })
}
main().catch(e => { document.getElementById('operations').textContent = String(e) })
