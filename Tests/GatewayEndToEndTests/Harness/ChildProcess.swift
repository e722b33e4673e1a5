import FoundationEssentials
import NIOConcurrencyHelpers

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A program that runs during a test. Its output is discarded.
final class ChildProcess: Sendable {
    /// The program cannot be started.
    struct NotStarted: Error { let program: String }

    private let id: pid_t
    private let isReaped = NIOLockedValueBox(false)

    /// The path of the program, if it is in PATH.
    static func find(_ name: String) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin"
        let folders: [Substring] = path.split(separator: ":") + ["/usr/sbin"]
        return folders.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }

    convenience init(_ arguments: String...) throws { try self.init(arguments) }

    init(_ arguments: [String]) throws {
        guard let program = arguments.first.flatMap(Self.find) else {
            throw NotStarted(program: arguments.first ?? "")
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        // The threads of the tests block signals. A child that inherits the mask cannot be stopped by a signal.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var pointers = arguments.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var id: pid_t = 0
        guard posix_spawn(&id, program, &actions, &attributes, &pointers, environ) == 0 else {
            throw NotStarted(program: program)
        }
        self.id = id
    }

    var hasEnded: Bool {
        self.isReaped.withLockedValue { isReaped in
            var status: Int32 = 0
            if !isReaped, waitpid(self.id, &status, WNOHANG) == self.id { isReaped = true }
            return isReaped
        }
    }

    func signal(_ signal: Int32) {
        self.isReaped.withLockedValue { isReaped in if !isReaped { kill(self.id, signal) } }
    }

    /// - Parameter signal: One that ends the program. `SIGKILL` also ends a program that is stopped.
    func stop(_ signal: Int32 = SIGTERM) {
        self.isReaped.withLockedValue { isReaped in
            guard !isReaped else { return }
            kill(self.id, signal)
            var status: Int32 = 0
            waitpid(self.id, &status, 0)
            isReaped = true
        }
    }
}
