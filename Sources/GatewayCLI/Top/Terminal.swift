#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// The terminal of standard input and output, for a program that draws the whole screen.
struct Terminal {
    struct Size: Equatable {
        var columns: Int
        var rows: Int
    }

    private let usual: termios

    /// Returns nil if standard input or output is no terminal.
    init?() {
        var usual = termios()
        guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1, tcgetattr(STDIN_FILENO, &usual) == 0 else {
            return nil
        }
        self.usual = usual
    }

    /// Switches to a second screen, and reads keys one by one. Ctrl-C is a key then. Call ``end()`` afterwards.
    func begin() throws(OutputError) {
        var raw = self.usual
        raw.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw)
        // A second screen, without cursor and without wrapping.
        try StandardOutput.write("\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l")
    }

    /// Restores the screen and the keyboard.
    func end() {
        try? StandardOutput.write("\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l")
        var usual = self.usual
        tcsetattr(STDIN_FILENO, TCSANOW, &usual)
    }

    /// The present size; 80 by 24 if the terminal does not know it.
    var size: Size {
        // A `winsize`: rows, columns, and two numbers that nobody uses.
        var size: [UInt16] = [0, 0, 0, 0]
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size[0] > 0, size[1] > 0 else {
            return Size(columns: 80, rows: 24)
        }
        return Size(columns: Int(size[1]), rows: Int(size[0]))
    }

    /// The bytes of the keys that were pressed. The end of the input counts as Ctrl-D.
    func readKeys() -> [UInt8] {
        var ready = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        guard poll(&ready, 1, 0) == 1 else { return [] }
        var keys = [UInt8](repeating: 0, count: 64)
        let count = read(STDIN_FILENO, &keys, keys.count)
        if count <= 0 { return count < 0 && errno == EINTR ? [] : [0x04] }
        return Array(keys.prefix(count))
    }

    /// Draws lines from the top of the screen, and clears the rest.
    func draw(_ lines: [String]) throws(OutputError) {
        // Each line replaces the one before, which flickers less than clearing the screen.
        let text = lines.map { "\($0)\u{1B}[K" }.joined(separator: "\r\n")
        try StandardOutput.write("\u{1B}[H\(text)\u{1B}[J")
    }
}
