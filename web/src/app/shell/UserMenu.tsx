import { useLocation } from 'wouter'
import { problemTitle } from '@/api/problem'
import { useLang, useText } from '@/i18n'
import { Menu, notice, setLang, setTheme, useTheme, useThemes } from '@/ui'
import { href } from '../routes'
import { useSession, useSessionActions } from '../session/session'
import { shellText } from './text'

export function UserMenu({ onShortcuts }: { onShortcuts: () => void }) {
  const t = useText(shellText)
  const { me } = useSession()
  const { leave } = useSessionActions()
  const [, navigate] = useLocation()
  const theme = useTheme()
  const lang = useLang()
  const themes = useThemes()
  if (!me) return null
  return (
    <Menu position="bottom-end" width={230}>
      <Menu.Target>
        <button type="button" className="avatar" aria-label={`${t.account}: ${me.login}`}>
          {[...(me.display_name || me.login)][0]?.toUpperCase()}
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <div className="user-name">
          <strong>{me.display_name || me.login}</strong>
          {me.display_name && me.display_name !== me.login && <span className="dim">{me.login}</span>}
        </div>
        <Menu.Item onClick={() => navigate(href('settings', {}))}>{t.settings}</Menu.Item>
        <Menu.Item onClick={() => navigate(href('tokens'))}>{t.tokens}</Menu.Item>
        <Menu.Divider />
        <Menu.Label>{themes.title}</Menu.Label>
        {themes.options.map(({ value, label }) => (
          <Menu.Item
            key={value}
            role="menuitemradio"
            aria-checked={theme === value}
            onClick={() => setTheme(value)}
            closeMenuOnClick={false}
            rightSection={theme === value ? '✓' : undefined}
          >
            {label}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item onClick={() => setLang(lang === 'ru' ? 'en' : 'ru')} lang={lang === 'ru' ? 'en' : 'ru'}>
          {lang === 'ru' ? 'English' : 'Русский'}
        </Menu.Item>
        <Menu.Item onClick={onShortcuts}>{t.shortcuts}</Menu.Item>
        <Menu.Item component="a" href="/docs" target="_blank">
          {t.apiDocs}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item onClick={() => leave().catch(e => notice('err', problemTitle(e)))}>{t.signOut}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
