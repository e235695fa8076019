import { useId } from 'react'

/** A choice of a few, as radio buttons in a row. */
export function Segments<T extends string>({
  label,
  value,
  options,
  onChange
}: {
  label: string
  value: T
  options: { value: T; label: string }[]
  onChange: (value: T) => void
}) {
  const name = useId()
  return (
    <fieldset className="segments">
      <legend className="offscreen">{label}</legend>
      {options.map(o => (
        <label key={o.value} className={o.value === value ? 'on' : ''}>
          <input type="radio" name={name} value={o.value} checked={o.value === value} onChange={() => onChange(o.value)} />
          {o.label}
        </label>
      ))}
    </fieldset>
  )
}
