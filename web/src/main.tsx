import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app/App'

// Nobody reads the browser's list of what was loaded; it would grow with every answer that is asked for again.
performance.setResourceTimingBufferSize?.(0)

const root = document.getElementById('root')
if (root)
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>
  )
