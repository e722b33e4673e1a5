import ArgumentParser
import GatewayAdmin
import GatewayCore

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// `gateway audit verify`: checks that nobody has changed an audit log.
struct AuditVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check the chain of an audit log.",
        discussion: """
            Give the files of a rotated log in order, the oldest first. Prints the number and the hash of the last entry. \
            Compare them with a copy kept elsewhere: lines missing at the end, and a chain that was written anew, do not \
            show otherwise.

            Exits with 0 if the chain is whole, with 1 if it breaks, and with 2 if a file cannot be read.
            """
    )

    @Argument(help: ArgumentHelp("The files, the oldest first. - is standard input.", valueName: "file"))
    var files: [String]

    func run() async throws {
        var verification = AuditVerification()
        do {
            for file in self.files {
                verification.begin(file: file)
                try Self.verify(file, &verification)
            }
        } catch let error as AuditVerification.Break {
            StandardError.print(lines: ["\(error)"])
            throw ExitCode(1)
        } catch let error as Unreadable {
            StandardError.print(lines: ["\(error)"])
            throw ExitCode(2)
        }
        guard let first = verification.first else { return try StandardOutput.print("no entries") }
        let chain = verification.chain
        try StandardOutput.print("\(Plural.of(verification.entries, "entry", "entries")), seq \(first) to \(chain.seq)")
        try StandardOutput.print("last seq:  \(chain.seq)")
        try StandardOutput.print("last hash: \(chain.hash)")
    }

    private struct Unreadable: Error, CustomStringConvertible {
        let file: String
        let reason: String

        var description: String { "cannot read \(self.file): \(self.reason)" }
    }

    /// Longer lines are no entries.
    private static let lineLimit = 1 << 20
    private static let blockSize = 64 * 1024

    private static func verify(_ file: String, _ verification: inout AuditVerification) throws {
        let descriptor = file == "-" ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Unreadable(file: file, reason: String(cString: strerror(errno))) }
        defer { if file != "-" { close(descriptor) } }
        var line: [UInt8] = []
        var block = [UInt8](repeating: 0, count: Self.blockSize)
        while true {
            let count = read(descriptor, &block, block.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Unreadable(file: file, reason: String(cString: strerror(errno))) }
            if count == 0 { break }
            var rest = block[..<count]
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                line += rest[..<end]
                try verification.next(line)
                line.removeAll(keepingCapacity: true)
                rest = rest[(end + 1)...]
            }
            line += rest
            if line.count > Self.lineLimit { throw verification.torn() }
        }
        if !line.isEmpty { throw verification.torn() }
    }
}
