import ServiceLifecycle

/// Both listeners as one service, so that a graceful shutdown reaches both at once: one after the other, the second would
/// take new connections while the first drains.
struct Listeners: Service {
    let control: any Service
    let data: any Service

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await control.run() }
            group.addTask { try await data.run() }
            // The first failure ends the other; without one, both drain to their own ends.
            try await group.waitForAll()
        }
    }
}
