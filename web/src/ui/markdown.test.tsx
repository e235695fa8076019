import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import { Markdown } from './markdown'

const html = (text: string) => renderToStaticMarkup(<Markdown text={text} />)

test('headings, lists, code, tables, emphasis', () => {
  expect(html('# Title\n\nA *b* **c** `d`')).toBe('<h3>Title</h3><p>A <em>b</em> <strong>c</strong> <code>d</code></p>')
  expect(html('- one\n- two\n  more')).toBe('<ul><li>one</li><li>two more</li></ul>')
  expect(html('1. one\n2. two')).toBe('<ol><li>one</li><li>two</li></ol>')
  expect(html('```sh\nrm -rf <x>\n```')).toBe('<pre>rm -rf &lt;x&gt;</pre>')
  expect(html('a | b\n--|--\n1 | 2')).toContain('<th>a</th><th>b</th></tr><tr><td>1</td><td>2</td>')
})

test('nothing of a stranger runs or is fetched', () => {
  expect(html('<script>alert(1)</script>')).not.toContain('<script')
  expect(html('<img src=x onerror=alert(1)> text')).not.toContain('<img')
  expect(html('![pixel](https://evil.example/p.png)')).not.toContain('evil.example')
  expect(html('[a](javascript:alert(1))')).not.toContain('javascript:')
  expect(html('[a](data:text/html,x)')).not.toContain('data:')
  expect(html('[a](https://x.example/)')).toContain('href="https://x.example/"')
})

type Usage = { user: number; system: number }
const { process } = globalThis as unknown as { process: { cpuUsage(before?: Usage): Usage } }

test('no input hangs it', () => {
  for (const text of [
    '`'.repeat(5000),
    '*'.repeat(5000),
    '['.repeat(3000),
    '>'.repeat(3000),
    '|'.repeat(3000),
    '#'.repeat(3000),
    '- '.repeat(3000)
  ]) {
    const before = process.cpuUsage() // its own work, whoever else has the processor
    html(text)
    const { user, system } = process.cpuUsage(before)
    expect((user + system) / 1000).toBeLessThan(2000)
  }
})
