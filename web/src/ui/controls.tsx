// Mantine's controls with our defaults. Pages take them from here and know nothing of Mantine.
import {
  ActionIcon,
  type ActionIconProps,
  Button as MantineButton,
  type ButtonProps as MantineButtonProps,
  Checkbox as MantineCheckbox,
  Menu as MantineMenu,
  Popover as MantinePopover,
  Switch as MantineSwitch,
  Tooltip as MantineTooltip,
  NativeSelect,
  type NativeSelectProps,
  PasswordInput,
  type PasswordInputProps,
  Textarea,
  type TextareaProps,
  TextInput,
  type TextInputProps
} from '@mantine/core'
import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react'
import { useText } from '@/i18n'
import { uiText } from './text'

export { Checkbox, Menu, Popover, Switch, Tooltip }

const Checkbox = MantineCheckbox
const Menu = MantineMenu
const Popover = MantinePopover
const Switch = MantineSwitch
const Tooltip = MantineTooltip

type Native = Omit<ButtonHTMLAttributes<HTMLButtonElement>, keyof MantineButtonProps>
export type ButtonProps = Native &
  Pick<MantineButtonProps, 'leftSection' | 'rightSection' | 'loading' | 'disabled' | 'className' | 'fullWidth'> & {
    /** primary: the one action of a view; danger: cannot be undone; quiet: among others. */
    look?: 'primary' | 'danger' | 'default' | 'quiet'
    children: ReactNode
    ref?: Ref<HTMLButtonElement>
  }

const looks = {
  primary: { variant: 'filled', color: 'blue' },
  danger: { variant: 'filled', color: 'red' },
  default: { variant: 'default' },
  quiet: { variant: 'subtle', color: 'gray' }
}

export function Button({ look = 'default', type = 'button', ...rest }: ButtonProps) {
  return <MantineButton type={type} {...looks[look]} {...rest} />
}

/** A button of an icon alone; its label is its name and its tooltip. */
export function IconButton({
  label,
  children,
  ...rest
}: Omit<ButtonHTMLAttributes<HTMLButtonElement>, keyof ActionIconProps> &
  Pick<ActionIconProps, 'disabled' | 'loading' | 'className' | 'size'> & {
    label: string
    children: ReactNode
    ref?: Ref<HTMLButtonElement>
  }) {
  return (
    <MantineTooltip label={label}>
      <ActionIcon type="button" aria-label={label} {...rest}>
        {children}
      </ActionIcon>
    </MantineTooltip>
  )
}

export const TextField = (p: TextInputProps & { ref?: Ref<HTMLInputElement> }) => <TextInput autoComplete="off" {...p} />
export const TextArea = (p: TextareaProps & { ref?: Ref<HTMLTextAreaElement> }) => <Textarea {...p} />
export const Select = (p: NativeSelectProps) => <NativeSelect {...p} />

export function PasswordField(p: PasswordInputProps) {
  const t = useText(uiText)
  return <PasswordInput visibilityToggleButtonProps={{ 'aria-label': t.showPassword, tabIndex: 0 }} {...p} />
}
