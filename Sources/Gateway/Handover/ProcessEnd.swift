/// How a process ended.
package enum ProcessEnd: Hashable, Sendable, CustomStringConvertible {
    case exit(code: CInt)
    case signal(CInt)

    /// - Parameter status: As reported by `waitpid`.
    package init(status: CInt) {
        self = status & 0x7F == 0 ? .exit(code: status >> 8 & 0xFF) : .signal(status & 0x7F)
    }

    package var description: String {
        switch self {
        case .exit(let code): "exited with code \(code)"
        case .signal(let signal): "was ended by signal \(signal)"
        }
    }
}
