/// Time as a loop counts it: one step each ``DataPlaneTimeouts/tick``. A deadline is a number to compare, so that no
/// request starts or stops a timer.
typealias Tick = UInt64

/// The configured waits in ticks.
struct TickTimeouts: Sendable {
    let head: Tick
    let bodyStall: Tick
    let keepAlive: Tick
    let opening: Tick
    let upstreamConnect: Tick
    let upstreamHead: Tick
    let upstreamIdle: Tick
    let resolution: Tick
    let linger: Tick
    /// A minute: how long one audited opening covers further uses by the same caller.
    let grant: Tick
    /// A second: how often counters leave the loop.
    let flush: Tick

    init(_ timeouts: DataPlaneTimeouts) {
        func ticks(_ duration: Duration) -> Tick {
            Tick(max(1, (duration / timeouts.tick).rounded(.up)))
        }
        head = ticks(timeouts.head)
        bodyStall = ticks(timeouts.bodyStall)
        keepAlive = ticks(timeouts.keepAlive)
        opening = ticks(timeouts.opening)
        upstreamConnect = ticks(timeouts.upstreamConnect)
        upstreamHead = ticks(timeouts.upstreamHead)
        upstreamIdle = ticks(timeouts.upstreamIdle)
        resolution = ticks(timeouts.resolution)
        linger = ticks(timeouts.linger)
        grant = ticks(.seconds(60))
        flush = ticks(.seconds(1))
    }
}

/// Something that a loop looks at each tick.
protocol LiveMember: AnyObject {
    /// Where it stands in its set; -1 outside.
    var liveIndex: Int { get set }
}

/// The members of one kind, in no order: insertion and removal cost the same however many there are.
struct LiveSet<Member: LiveMember> {
    private(set) var members: [Member] = []

    var count: Int { members.count }

    mutating func insert(_ member: Member) {
        guard member.liveIndex < 0 else { return }
        member.liveIndex = members.count
        members.append(member)
    }

    mutating func remove(_ member: Member) {
        let index = member.liveIndex
        guard index >= 0 else { return }
        member.liveIndex = -1
        let last = members.removeLast()
        guard last !== member else { return }
        members[index] = last
        last.liveIndex = index
    }
}
