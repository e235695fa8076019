import { useEffect } from 'react'
import { useLocation } from 'wouter'
import { singleKeys } from '@/ui'
import { navigation } from './navigation'

const typing = (e: KeyboardEvent): boolean =>
  e.target instanceof HTMLElement && (e.target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(e.target.tagName))

/** Keys by their place on the keyboard, so that they work under any layout. */
export function useShortcuts(open: (what: 'palette' | 'keys') => void): void {
  const [, navigate] = useLocation()
  useEffect(() => {
    let afterG = 0
    const onKey = (e: KeyboardEvent) => {
      if ((e.ctrlKey || e.metaKey) && !e.altKey && !e.shiftKey && e.code === 'KeyK') {
        e.preventDefault()
        open('palette')
        return
      }
      if (!singleKeys() || e.ctrlKey || e.metaKey || e.altKey || typing(e) || document.querySelector('dialog[open]')) return
      const goes = Date.now() - afterG < 1200
      afterG = 0
      if (goes) {
        const to = navigation.find(n => n.key === e.code)
        if (to) {
          e.preventDefault()
          navigate(to.path)
        }
      } else if (e.code === 'KeyG') afterG = Date.now()
      else if (e.key === '?' || (e.code === 'Slash' && e.shiftKey)) open('keys')
      else if (e.code === 'Slash') {
        const filter = document.querySelector<HTMLInputElement>('main [role=combobox], main input[type=search]')
        if (filter) {
          e.preventDefault()
          filter.focus()
        }
      }
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [navigate, open])
}
