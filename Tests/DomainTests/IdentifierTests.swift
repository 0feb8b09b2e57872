import Domain
import Testing

@Suite("Identifiers (TypeID 0.3, UUIDv7 of RFC 9562 §5.7)")
struct IdentifierTests {
    struct StillClock: WallClock {
        let instant: Timestamp
        func now() -> Timestamp { instant }
    }

    struct ConstantRandom: RandomSource {
        let bits: UInt64
        func next() -> UInt64 { bits }
    }

    /// TypeID's own examples: UUID halves and suffix.
    @Test(arguments: [
        (UInt64(0), UInt64(0), "00000000000000000000000000"), (0, 1, "00000000000000000000000001"),
        (0, 10, "0000000000000000000000000a"), (0, 16, "0000000000000000000000000g"),
        (0, 32, "00000000000000000000000010"), (.max, .max, "7zzzzzzzzzzzzzzzzzzzzzzzzz"),
        (0x0110_c853_1d09_52d8, 0xd73e_1194_e95b_5f19, "0123456789abcdefghjkmnpqrs"),
        (0x0189_0a5d_ac96_774b, 0xbcce_b302_099a_8057, "01h455vb4pex5vsknk084sn02q"),
    ])
    func `are written and read as the standard's examples`(_ high: UInt64, _ low: UInt64, _ suffix: String) {
        let id = ConnectionID(high: high, low: low)
        #expect(id.description == "conn_" + suffix)
        #expect(ConnectionID("conn_" + suffix) == id)
        #expect(id.bytes.count == 16)
    }

    @Test(arguments: [
        "", "conn", "conn_", "_01h455vb4pex5vsknk084sn02q", "01h455vb4pex5vsknk084sn02q",
        "tnt_01h455vb4pex5vsknk084sn02q", "conn_01h455vb4pex5vsknk084sn02", "conn_01h455vb4pex5vsknk084sn02qq",
        "CONN_01h455vb4pex5vsknk084sn02q", "conn_01H455VB4PEX5VSKNK084SN02Q", "conn_81h455vb4pex5vsknk084sn02q",
        "conn_01h455vb4pex5vsknk084sn02i", "conn_01h455vb4pex5vsknk084sn02l", "conn_01h455vb4pex5vsknk084sn02o",
        "conn_01h455vb4pex5vsknk084sn02u", "conn-01h455vb4pex5vsknk084sn02q", " conn_01h455vb4pex5vsknk084sn02q",
        "conn_01h455vb4pex5vsknk084sn02q ", "conn_01h455vb4pex5vsknk084sn02q\u{0}", "conn__01h455vb4pex5vsknk084sn02q",
        "conn_../../../../../etc/passwd", "conn_01h455vb4pex5vsknk084sn0\u{301}q",
    ])
    func `nothing but the exact form is read`(_ text: String) {
        #expect(ConnectionID(text) == nil)
    }

    @Test func `carry the time first, then version and variant, then chance`() {
        let clock = StillClock(instant: Timestamp(microseconds: 0x0123_4567_89AB * 1_000 + 999))
        let id: TenantID = IdentifierSource(clock: clock, random: ConstantRandom(bits: .max)).next()
        #expect(id.high == 0x0123_4567_89AB_7FFF)
        #expect(id.low == 0xBFFF_FFFF_FFFF_FFFF)
        let least: TenantID = IdentifierSource(clock: clock, random: ConstantRandom(bits: 0)).next()
        #expect(least.high == 0x0123_4567_89AB_7000 && least.low == 0x8000_0000_0000_0000)
        #expect(least < id)
    }

    @Test func `a clock before 1970 makes an identifier, not a trap`() {
        let clock = StillClock(instant: Timestamp(seconds: -5))
        let id: TenantID = IdentifierSource(clock: clock, random: ConstantRandom(bits: 1)).next()
        #expect(id.high >> 16 == 0)
    }
}
