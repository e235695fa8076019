import { lang, useText } from '@/i18n'
import { Button, type ButtonProps, Menu } from '@/ui'
import { alertText } from './text'

const hours = [1, 8, 24]

/** For how long. */
export function SilenceMenu({ look, onHours }: { look: NonNullable<ButtonProps['look']>; onHours: (hours: number) => void }) {
  const t = useText(alertText)
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button look={look}>{t.silence}</Button>
      </Menu.Target>
      <Menu.Dropdown>
        {hours.map(h => (
          <Menu.Item key={h} onClick={() => onHours(h)}>
            {t.hours(h)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

/** Rules that the product makes have a name in Russian too. */
export const ruleName = (name: string, ru: string | null): string => (lang() === 'ru' && ru ? ru : name)
