#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// Reads a secret from standard input.
enum SecretInput {
    /// The longest line that is read.
    private static let limit = 4096

    static var isTerminal: Bool { isatty(STDIN_FILENO) == 1 }

    /// Asks on the terminal, and reads a line without showing it.
    static func ask(_ prompt: String) throws -> [UInt8] {
        var usual = termios()
        guard tcgetattr(STDIN_FILENO, &usual) == 0 else { throw KeyError("cannot read from the terminal") }
        var hidden = usual
        // Without signals of the terminal, so that Ctrl-C cannot leave it without echo.
        hidden.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG)
        guard tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) == 0 else { throw KeyError("cannot hide what is typed") }
        defer {
            tcsetattr(STDIN_FILENO, TCSANOW, &usual)
            StandardError.write("\n")
        }
        StandardError.write(prompt)
        var line = TypedLine()
        while let byte = try self.byte() {
            switch line.type(byte) {
            case .more: continue
            case .done: return line.bytes
            case .cancelled: throw KeyError("cancelled")
            }
        }
        throw KeyError("cancelled")
    }

    /// Reads a line, without its end.
    static func line() throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let byte = try self.byte(), byte != UInt8(ascii: "\n") {
            guard bytes.count < self.limit else { throw KeyError("the line is too long") }
            bytes.append(byte)
        }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        return bytes
    }

    /// Returns nil at the end.
    private static func byte() throws -> UInt8? {
        var byte: UInt8 = 0
        while true {
            switch read(STDIN_FILENO, &byte, 1) {
            case 1: return byte
            case 0: return nil
            default: if errno != EINTR { throw KeyError("cannot read standard input") }
            }
        }
    }
}

/// A line that is typed on a terminal which leaves editing to the program.
struct TypedLine {
    private(set) var bytes: [UInt8] = []

    enum OnType {
        case more, done, cancelled
    }

    mutating func type(_ byte: UInt8) -> OnType {
        switch byte {
        case UInt8(ascii: "\n"), UInt8(ascii: "\r"): return .done
        // Ctrl-C, Ctrl-D on an empty line, Ctrl-\
        case 0x03, 0x1C: return .cancelled
        case 0x04: return self.bytes.isEmpty ? .cancelled : .done
        // Backspace, which removes a whole character of UTF-8.
        case 0x08, 0x7F: while let last = self.bytes.popLast(), last & 0xC0 == 0x80 { continue }
        // Ctrl-U
        case 0x15: self.bytes = []
        default: if self.bytes.count < 4096 { self.bytes.append(byte) }
        }
        return .more
    }
}
