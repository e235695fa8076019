import type { ReactNode } from 'react'
import { useNodeName } from '@/app/node/name'
import { Languages, useTitle } from '@/ui'
import './door.css'

type Props = {
  title: string
  lead?: ReactNode
  children: ReactNode
  foot?: ReactNode
  /** Whether the choice of a language stands below. */
  language?: boolean
}

/** The frame of what is seen before one is signed in. */
export function Door({ title, lead, children, foot, language = true }: Props) {
  const node = useNodeName()
  useTitle(title)
  return (
    <main className="door">
      <div className="door-card">
        <div className="door-brand">
          <img src="/favicon.svg" alt="" width="28" height="28" /> Netbit
          {node && <span className="dim cut">{node}</span>}
        </div>
        <h1>{title}</h1>
        {lead && <p className="dim">{lead}</p>}
        {children}
        {foot && <div className="door-foot dim">{foot}</div>}
      </div>
      {language && <Languages />}
    </main>
  )
}
