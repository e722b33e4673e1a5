#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// `GatewayFuzz TARGET [libFuzzer's arguments]` fuzzes a ``FuzzTarget``; without a target it lists them. libFuzzer
/// contains the main function.
enum GatewayFuzz {
    /// libFuzzer calls back without a context.
    static let target = Self.named ?? getenv(Self.variable).flatMap { FuzzTarget(rawValue: String(cString: $0)) }

    static let named = CommandLine.arguments.dropFirst().first.flatMap { FuzzTarget(rawValue: $0) }

    /// Passes the target to the processes that libFuzzer starts to merge or to minimize.
    static let variable = "GATEWAY_FUZZ_TARGET"
}

/// Removes the target from libFuzzer's arguments.
@_cdecl("LLVMFuzzerInitialize")
public func initializeFuzzer(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>
) -> CInt {
    guard let target = GatewayFuzz.target else {
        print(FuzzTarget.allCases.map(\.rawValue).joined(separator: "\n"))
        exit(count.pointee > 1 ? EX_USAGE : EX_OK)
    }
    guard GatewayFuzz.named != nil else { return 0 }
    setenv(GatewayFuzz.variable, target.rawValue, 1)
    arguments.pointee[1] = arguments.pointee[0]
    arguments.pointee += 1
    count.pointee -= 1
    return 0
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    do throws(BrokenProperty) {
        try GatewayFuzz.target?.check(Array(UnsafeBufferPointer(start: bytes, count: count)))
    } catch {
        let text = Array("broken property: \(error)\n".utf8)
        _ = write(STDERR_FILENO, text, text.count)
        // libFuzzer saves the input.
        abort()
    }
    return 0
}
