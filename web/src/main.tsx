import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app/App'
// What nearly every page needs stays in the first file: over HTTP/1.1 several small files are slower than one.
import './api/query'
import './app/units/queries'
import './ui'

const root = document.getElementById('root')
if (root)
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>
  )
