import GatewayHTTP
import GatewayHTTP1
import NIOCore

/// Clients that end sending before they have their answer.
extension ConnectionHandler {
    /// Most answers come before there is a need to ask.
    static let patience = TimeAmount.milliseconds(100)
    private static let interim: StaticString = "HTTP/1.1 100 Continue\r\n\r\n"

    /// Whether a client that sends nothing more may still want the answer; false where it has to be taken to have left.
    ///
    /// The end of what a client sends looks the same whether it waits for the answer or has closed its connection. Only a
    /// byte sent to it tells: the system of one that has left answers that with a reset. Before the answer's head an
    /// interim response can be that byte, which any client passes over that still reads (RFC 9110 section 15.2). Behind it
    /// each piece of the body is; a stream that may be silent for long tells too late.
    func mayListen(to exchange: Exchange) -> Bool {
        switch exchange.stage {
        case .idle, .descending, .waiting, .climbing:
            guard exchange.request.minorVersion == 1 else { return false }
            let count = self.output.collect { $0.writeStaticString(Self.interim) }
            exchange.bytesOut &+= UInt64(count)
            self.flush()
            return true
        case .responding: return exchange.deadlines.idle != nil && !exchange.isPrompt
        case .flushing, .over: return true
        }
    }
}
