/// Makes identifiers: UUIDv7 (RFC 9562 §5.7), milliseconds of the injected clock and 74 random bits.
package struct IdentifierSource: Sendable {
    private let clock: any WallClock
    private let random: any RandomSource

    package init(clock: any WallClock, random: any RandomSource) {
        self.clock = clock
        self.random = random
    }

    package func next<Kind: EntityKind>(_: Kind.Type = Kind.self) -> EntityID<Kind> {
        let milliseconds = UInt64(max(0, clock.now().microseconds / 1_000))
        let high = (milliseconds << 16) | 0x7000 | (random.next() & 0x0FFF)
        let low = 0x8000_0000_0000_0000 | (random.next() >> 2)
        return EntityID(high: high, low: low)
    }
}

/// Random bits from the operating system, or from a seed in tests.
package protocol RandomSource: Sendable {
    /// 64 unpredictable bits.
    func next() -> UInt64
}

/// The kernel's generator (`getrandom(2)` behind the standard library).
package struct SystemRandomSource: RandomSource {
    package init() {}

    package func next() -> UInt64 {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }
}
