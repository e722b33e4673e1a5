import ArgumentParser
import Gateway
import GatewayHTTP
import GatewaySettings
import NIOConcurrencyHelpers
import NIOCore
import UnixSignals

/// `gateway top`: the routes of a running gateway, live.
struct TopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Show the routes of the running gateway live.",
        discussion: """
            Figures are of the last ten seconds, the busiest route comes first. q or Ctrl-C ends it. In a pipe, or with \
            --once, prints the table of all routes once.

            Sends $GATEWAY_ADMIN_TOKEN, or else the token in the configuration. Exits with 0, 69 if no gateway answers, and \
            77 if it does not accept the token.
            """
    )

    @Flag(help: "Print the table once.")
    var once = false

    @OptionGroup var gateway: RunningGateway

    private static let path = "/monitoring/dashboard"

    func run() async throws {
        let client = try self.gateway.client(or: nil)
        let first: TopAnswer
        do throws(RunningGateway.Refusal) {
            first = try await Self.answer(of: client)
        } catch {
            StandardError.print(lines: [error.message])
            throw error.code
        }
        guard !self.once, let terminal = Terminal() else {
            try StandardOutput.print(TopTable(first).text)
            return
        }
        try await Self.show(first, from: client, on: terminal)
    }

    private static func answer(of client: AdminClient) async throws(RunningGateway.Refusal) -> TopAnswer {
        let answer = try await RunningGateway.answer(.get, self.path, of: client, within: .seconds(5))
        do {
            return try answer.decode(TopAnswer.self)
        } catch {
            throw RunningGateway.Refusal.other(client.address, "this is no gateway, or another version")
        }
    }

    /// Draws the table each second until somebody ends it.
    private static func show(_ first: TopAnswer, from client: AdminClient, on terminal: Terminal) async throws {
        try terminal.begin()
        defer { terminal.end() }
        let view = TopView(first)
        let reader = Task {
            while !Task.isCancelled {
                try? await Task.sleep(for: .seconds(1))
                do throws(RunningGateway.Refusal) {
                    view.show(try await Self.answer(of: client))
                } catch {
                    view.show(error)
                }
            }
        }
        let signals = Task {
            for await _ in await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup) { view.end() }
        }
        defer {
            reader.cancel()
            signals.cancel()
        }
        var drawn: TopView.Frame?
        while !view.isOver {
            if terminal.readKeys().contains(where: TopView.endingKeys.contains) { return }
            let frame = TopView.Frame(state: view.state, size: terminal.size)
            if frame != drawn { try terminal.draw(frame.lines) }
            drawn = frame
            try? await Task.sleep(for: .milliseconds(50))
        }
    }
}

/// What is on the screen of `gateway top`.
private final class TopView: Sendable {
    /// q, Q, Ctrl-C, Ctrl-D, and a character that only closed terminals send.
    static let endingKeys: Set<UInt8> = [UInt8(ascii: "q"), UInt8(ascii: "Q"), 0x03, 0x04]

    struct State: Equatable {
        var answer: TopAnswer
        /// Why there is no newer one.
        var problem: String?
        var isOver = false
    }

    struct Frame: Equatable {
        let state: State
        let size: Terminal.Size

        var lines: [String] {
            TopTable(self.state.answer).lines(
                columns: self.size.columns,
                rows: self.size.rows,
                notice: self.state.problem
            )
        }
    }

    private let box: NIOLockedValueBox<State>

    init(_ answer: TopAnswer) { self.box = NIOLockedValueBox(State(answer: answer)) }

    var state: State { self.box.withLockedValue { $0 } }
    var isOver: Bool { self.state.isOver }

    func show(_ answer: TopAnswer) {
        self.box.withLockedValue { ($0.answer, $0.problem) = (answer, nil) }
    }

    func show(_ refusal: RunningGateway.Refusal) {
        self.box.withLockedValue { $0.problem = refusal.message }
    }

    func end() { self.box.withLockedValue { $0.isOver = true } }
}
