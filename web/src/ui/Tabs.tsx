import { useLayoutEffect, useRef } from 'react'
import { Link } from 'wouter'

export type Tab = { href: string; name: string; here: boolean }

/** Views of one page, each with an address. Where they do not fit, the present one is scrolled into sight. */
export function Tabs({ label, tabs }: { label: string; tabs: Tab[] }) {
  const box = useRef<HTMLElement>(null)
  const here = tabs.findIndex(t => t.here)
  useLayoutEffect(() => {
    const nav = box.current
    const tab = nav?.children[here] as HTMLElement | undefined
    if (nav && tab) nav.scrollLeft = tab.offsetLeft - (nav.clientWidth - tab.offsetWidth) / 2
  }, [here])
  return (
    <nav className="tabs" aria-label={label} ref={box}>
      {tabs.map(t => (
        <Link key={t.href} href={t.href} aria-current={t.here ? 'page' : undefined}>
          {t.name}
        </Link>
      ))}
    </nav>
  )
}
