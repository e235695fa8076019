import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

// What the development server passes on to a running node (./run).
const node = process.env.NETBIT_URL ?? 'http://localhost:8080'

// The same for the same sources: the build stays reproducible.
function sourceMark(): string {
  const root = fileURLToPath(new URL('./src', import.meta.url))
  const hash = createHash('sha256')
  for (const name of (readdirSync(root, { recursive: true }) as string[]).sort()) {
    const path = `${root}/${name}`
    if (statSync(path).isFile()) hash.update(name).update(readFileSync(path))
  }
  return hash.digest('hex').slice(0, 16)
}

export default defineConfig({
  define: { __BUILD__: JSON.stringify(sourceMark()) },
  plugins: [react()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    target: 'es2022',
    manifest: true,
    cssCodeSplit: false,
    assetsInlineLimit: 0, // data: fonts and scripts would need holes in the page's security policy
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        // One file for what nearly every page needs, the first page with it: over HTTP/1.1 several small files are slower than one.
        codeSplitting: {
          groups: [
            {
              name: 'core',
              test: /node_modules\/(?!uplot|valibot|qr\/)|src\/ui\/(?!Bulk|markdown|LogView|log-lines)|src\/(api|i18n|lib|live)\/|src\/app\/(?!palette|units\/trends|node\/(NodeForm|text)|shell\/Shortcuts)|src\/features\/overview|src\/chart\/loop/
            }
          ]
        }
      }
    }
  },
  worker: { format: 'es' },
  server: {
    proxy: Object.fromEntries(
      ['/api', '/health', '/ready', '/docs', '/base.css', '/base.js', '/docs.js'].map(path => [path, { target: node, ws: true }])
    )
  }
})
