import type { ReactNode } from 'react'
import { useNodeName } from '@/app/node/name'
import { useLang } from '@/i18n'
import { Segments, setLang, useTitle } from '@/ui'
import './door.css'

/** The frame of what is seen before one is signed in. */
export function Door({ title, lead, children, foot }: { title: string; lead?: ReactNode; children: ReactNode; foot?: ReactNode }) {
  const lang = useLang()
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
      <Segments
        label="Language"
        value={lang}
        onChange={setLang}
        options={[
          { value: 'en', label: 'English' },
          { value: 'ru', label: 'Русский' }
        ]}
      />
    </main>
  )
}
