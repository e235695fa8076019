/** Copies text. Plain http on a LAN has no Clipboard API: there the old command does it. */
export async function copyText(text: string): Promise<boolean> {
  if (navigator.clipboard && window.isSecureContext) {
    try {
      await navigator.clipboard.writeText(text)
      return true
    } catch {
      // refused by a permission: the old way may still do
    }
  }
  const area = document.createElement('textarea')
  area.value = text
  area.readOnly = true
  area.className = 'offscreen'
  const host = document.querySelector('dialog[open]') ?? document.body // what is outside of an open dialog cannot be selected
  host.append(area)
  const before = document.activeElement as HTMLElement | null
  area.select()
  const ok = document.execCommand('copy')
  area.remove()
  before?.focus()
  return ok
}
