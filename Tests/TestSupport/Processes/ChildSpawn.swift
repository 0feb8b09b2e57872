internal import Glibc

/// The three streams of a program that is about to start.
struct ChildStreams {
    let input: Int32
    let output: Int32
    let errors: Int32
    /// Our end of the pipe; -1 for none.
    let parentInput: Int32

    init(files: String, input: TestProcess.Input) throws {
        output = try Self.create(files + "/out")
        errors = try Self.create(files + "/err")
        switch input {
        case .nothing:
            self.input = unsafe open("/dev/null", O_RDONLY | O_CLOEXEC)
            parentInput = -1
        case .text(let text):
            try TextFiles.write(text, to: files + "/in")
            self.input = unsafe open(files + "/in", O_RDONLY | O_CLOEXEC)
            parentInput = -1
        case .pipe:
            var ends: [Int32] = [-1, -1]
            guard unsafe pipe(&ends) == 0 else { throw ProcessFailure("no pipe", errno) }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            self.input = ends[0]
            parentInput = ends[1]
        }
    }

    func closeChildEnds() { for descriptor in [input, output, errors] { close(descriptor) } }

    private static func create(_ path: String) throws -> Int32 {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw ProcessFailure("\(path) can't be made", errno) }
        return descriptor
    }
}

/// posix_spawn with an empty signal mask (this process's threads block signals), in a session of its own.
enum ChildSpawn {
    static func run(
        _ program: [String], environment: [String], directory: String, streams: ChildStreams
    ) throws -> Int32 {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, streams.input, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, streams.output, 1)
        unsafe posix_spawn_file_actions_adddup2(&actions, streams.errors, 2)
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        unsafe sigemptyset(&none)
        var defaults = sigset_t()
        unsafe sigemptyset(&defaults)
        for signal in [SIGPIPE, SIGTERM, SIGINT, SIGHUP, SIGCHLD] { unsafe sigaddset(&defaults, signal) }
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &defaults)
        let setSession: Int32 = 0x80
        unsafe posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF) | Int16(setSession))
        // env changes the directory and becomes the program, so the number of the process stays.
        let arguments = ["/usr/bin/env", "-C", directory] + program
        var id = pid_t()
        let failure = unsafe withCStrings(arguments) { arguments in
            unsafe withCStrings(environment) { environment in
                unsafe posix_spawn(&id, "/usr/bin/env", &actions, &attributes, arguments, environment)
            }
        }
        guard failure == 0 else { throw ProcessFailure("\(program[0]) can't be started", failure) }
        return id
    }

    private static func withCStrings<Result>(
        _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        let list = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: strings.count + 1)
        defer { unsafe list.deallocate() }
        for (index, string) in strings.enumerated() { unsafe (list + index).initialize(to: strdup(string)) }
        unsafe (list + strings.count).initialize(to: nil)
        defer { for index in strings.indices { unsafe free(list[index]) } }
        return unsafe body(list)
    }
}
