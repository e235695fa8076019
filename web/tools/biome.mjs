// Runs Biome's program for this machine. Its own wrapper package lists programs for systems that we do not build on; we take two.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL(`../node_modules/@biomejs/cli-linux-${process.arch}/biome`, import.meta.url))
const { status, error } = spawnSync(program, process.argv.slice(2), { stdio: 'inherit' })
if (error) console.error(String(error))
process.exit(status ?? 1)
