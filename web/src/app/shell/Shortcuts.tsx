import { useText } from '@/i18n'
import { Dialog, Switch, setSingleKeys, useSingleKeys } from '@/ui'
import { navigation, useNavText } from './navigation'
import { shellText } from './text'

export default function Shortcuts({ onClose }: { onClose: () => void }) {
  const t = useText(shellText)
  const names = useNavText()
  const single = useSingleKeys()
  return (
    <Dialog title={t.shortcuts} onClose={onClose}>
      <div className="stack">
        <dl className="keys">
          <div>
            <dt>
              <kbd>Ctrl</kbd> <kbd>K</kbd>
            </dt>
            <dd>{t.keysPalette}</dd>
          </div>
          <div>
            <dt>
              <kbd>/</kbd>
            </dt>
            <dd>{t.keysFilter}</dd>
          </div>
          <div>
            <dt>
              <kbd>↓</kbd> <kbd>↑</kbd>
            </dt>
            <dd>{t.keysRows}</dd>
          </div>
          {navigation.map(n => (
            <div key={n.name}>
              <dt>
                <kbd>G</kbd> <span className="faint">{t.andThen}</span> <kbd>{n.key.replace('Key', '')}</kbd>
              </dt>
              <dd>{names[n.name]}</dd>
            </div>
          ))}
          <div>
            <dt>
              <kbd>?</kbd>
            </dt>
            <dd>{t.keysHelp}</dd>
          </div>
        </dl>
        <Switch label={t.keysSwitch} checked={single} onChange={e => setSingleKeys(e.currentTarget.checked)} />
      </div>
    </Dialog>
  )
}
