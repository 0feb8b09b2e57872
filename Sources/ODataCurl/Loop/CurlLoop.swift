internal import CCurl
internal import OData

/// The thread that owns every libcurl handle. Each turn: commands, what is ready, transfers that may begin now, then a
/// bounded wait.
// Safe: the handle is freed with its one owner, after every easy handle has left it, on the same thread.
@safe
final class CurlLoop {
    private let mailbox: Mailbox
    private let options: CurlOptions
    private let multi: UnsafeMutableRawPointer
    private var waiting: [TransferJob] = []
    private var active: [ObjectIdentifier: Transfer] = [:]
    /// The same by the address of their handles.
    private var byHandle: [UInt: Transfer] = [:]

    /// nil where libcurl has no memory.
    init?(mailbox: Mailbox, options: CurlOptions) {
        guard let multi = unsafe curl_multi_init() else { return nil }
        (self.mailbox, self.options) = (mailbox, options)
        unsafe self.multi = multi
        unsafe sp_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, options.maxConnectionsPerHost)
        unsafe sp_multi_set_long(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, options.maxTransfers)
        unsafe sp_multi_set_long(multi, CURLMOPT_MAXCONNECTS, options.maxTransfers)
    }

    deinit { unsafe curl_multi_cleanup(multi) }

    /// Returns when stopped, with everything ended.
    func run() {
        while true {
            let (commands, stopAt) = mailbox.take()
            for command in commands { perform(command) }
            let now = ContinuousClock.now
            var running: Int32 = 0
            unsafe curl_multi_perform(multi, &running)
            endFinished()
            endOverdue(now)
            // Last, so that the room which a transfer left is taken at once; libcurl's timers end the wait for a new one.
            beginWaiting(now)
            if let stopAt, stopAt <= now || (active.isEmpty && waiting.isEmpty) { break }
            wait(until: nextDeadline(stopAt))
        }
        for transfer in Array(active.values) { end(transfer) { $0.abandon(.shutdown) } }
        for job in waiting { refuse(job, .overloaded) }
        waiting = []
    }

    private func perform(_ command: LoopCommand) {
        switch command {
        case .begin(let job): waiting.append(job)
        case .resume(let job): active[ObjectIdentifier(job)]?.resume()
        case .cancel(let job):
            if let transfer = active[ObjectIdentifier(job)] {
                end(transfer) { $0.abandon(.cancelled) }
            } else if let place = waiting.firstIndex(where: { $0 === job }) {
                refuse(waiting.remove(at: place), .cancelled(isSent: false))
            }
        }
    }

    private func beginWaiting(_ now: ContinuousClock.Instant) {
        while let job = waiting.first, active.count < options.maxTransfers {
            waiting.removeFirst()
            guard job.deadline > now else {
                refuse(job, .timedOut(isSent: false))
                continue
            }
            guard let transfer = Transfer(job, options: options, now: now),
                unsafe curl_multi_add_handle(multi, transfer.easy) == CURLM_OK
            else {
                refuse(job, .overloaded)
                continue
            }
            active[ObjectIdentifier(job)] = transfer
            byHandle[transfer.address] = transfer
        }
    }

    private func refuse(_ job: TransferJob, _ error: TransportError) {
        mailbox.leave()
        job.channel.finish(error)
    }

    private func endFinished() {
        var code = CURLE_OK
        while let easy = unsafe sp_multi_next_done(multi, &code) {
            guard let transfer = byHandle[UInt(bitPattern: easy)] else { continue }
            end(transfer) { $0.finish(code) }
        }
    }

    private func endOverdue(_ now: ContinuousClock.Instant) {
        for transfer in active.values where transfer.job.deadline <= now { end(transfer) { $0.abandon(.timedOut) } }
        let overdue = waiting.filter { $0.deadline <= now }
        guard !overdue.isEmpty else { return }
        waiting.removeAll { $0.deadline <= now }
        for job in overdue { refuse(job, .timedOut(isSent: false)) }
    }

    private func end(_ transfer: Transfer, _ tell: (Transfer) -> Void) {
        active[ObjectIdentifier(transfer.job)] = nil
        byHandle[transfer.address] = nil
        tell(transfer)
        unsafe curl_multi_remove_handle(multi, transfer.easy)
        mailbox.leave()
    }

    private func nextDeadline(_ stopAt: ContinuousClock.Instant?) -> ContinuousClock.Instant? {
        let deadlines = active.values.map(\.job.deadline) + waiting.map(\.deadline) + (stopAt.map { [$0] } ?? [])
        return deadlines.min()
    }

    /// Until a socket or the mailbox is ready, libcurl's own timers, or the deadline.
    private func wait(until deadline: ContinuousClock.Instant?) {
        let limit = Duration.seconds(60)
        let left = deadline.map { min(max($0 - .now, .zero), limit) } ?? limit
        var wake = curl_waitfd(fd: mailbox.wakeDescriptor, events: Int16(CURL_WAIT_POLLIN), revents: 0)
        unsafe curl_multi_poll(multi, &wake, 1, Int32(left.wholeMilliseconds), nil)
        if wake.revents != 0 { sp_eventfd_clear(mailbox.wakeDescriptor) }
    }
}

extension Duration {
    /// Rounded up, so that a wait doesn't end before its time.
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        return Int(min(seconds, 1_000_000)) * 1000 + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
