// Counts checks and prints them as the other tests do.
export class Report {
  passed = 0
  failed = 0
  figures = {}
  began = Date.now()

  check(good, what) {
    if (good) this.passed++
    else {
      this.failed++
      console.log(`FAILED: ${typeof what === 'function' ? what() : what}`)
    }
    return Boolean(good)
  }

  /** A check whose figures are worth reading when it holds, too. */
  gate(good, what) {
    if (good) console.log(`held: ${what}`)
    return this.check(good, what)
  }

  /** A part of the test; an exception in it is a failure, and the others go on. */
  async part(name, fn) {
    const began = Date.now()
    try {
      await fn()
    } catch (e) {
      this.check(false, `${name}: ${e?.stack ?? e}`)
    }
    console.log(`${name}: ${((Date.now() - began) / 1000).toFixed(1)} s`)
  }

  end() {
    console.log(`${((Date.now() - this.began) / 1000).toFixed(0)} s`)
    console.log(`${this.passed} passed, ${this.failed} failed`)
    return this.failed === 0 && this.passed > 0 ? 0 : 1
  }
}
