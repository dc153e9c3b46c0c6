using System.Net.Sockets;
using System.Text.Json;
using System.Threading.Channels;
using AslRescue.Intake.Approvals;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Interop;

namespace AslRescue.Intake.Control;

/// <summary>
/// The operator's socket. It reads requests, answers questions about the status itself, and passes everything that could move the
/// machine on to the machine's own loop. Whatever a client sends costs that client its connection at worst.
/// </summary>
public sealed class ControlServer : IAsyncDisposable
{
    private const int ClientsMax = 16;

    // Beyond it connecting fails at once; those who wait here are taken or turned away in a moment.
    private const int WaitingMax = 128;
    private static readonly TimeSpan IdleMax = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan WriteMax = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan EffectMax = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan WatchPause = TimeSpan.FromMilliseconds(250);

    private readonly string _path;
    private readonly Socket _listener;
    private readonly StatusBoard _board;
    private readonly ChannelWriter<OperatorCommand> _commands;
    private readonly CancellationTokenSource _closing = new();
    private readonly SemaphoreSlim _room = new(ClientsMax);
    private readonly Task _accepting;

    private ControlServer(string path, Socket listener, StatusBoard board, ChannelWriter<OperatorCommand> commands)
    {
        (_path, _listener, _board, _commands) = (path, listener, board, commands);
        _accepting = AcceptAsync();
    }

    /// <summary>Begins to listen. A socket that nobody answers at is replaced.</summary>
    /// <exception cref="AslException">IntakeBusy: somebody answers. RuntimeUnwritable.</exception>
    public static ControlServer Open(IntakePaths paths, StatusBoard board, ChannelWriter<OperatorCommand> commands)
    {
        try
        {
            Directory.CreateDirectory(paths.Sockets);
            return new ControlServer(paths.Socket, Listen(paths.Socket), board, commands);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or SocketException)
        {
            throw new AslException(
                new AslError(ErrorCode.RuntimeUnwritable, "the control socket cannot be opened")
                {
                    Where = paths.Socket,
                    Why = failure.Message,
                    Fix = "make /run/asl/sockets writable; without it nobody could approve, cancel or look",
                },
                failure);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        _listener.Dispose();
        File.Delete(_path);
        await _accepting;

        // Every client's loop ends with the token; when all places are free, none is left.
        for (var place = 0; place < ClientsMax; place++)
        {
            await _room.WaitAsync();
        }

        _room.Dispose();
        _closing.Dispose();
    }

    /// <summary>Bound under another name, closed to others, then renamed: at no moment can anybody else connect.</summary>
    private static Socket Listen(string path)
    {
        using var place = new ControlSocket(path);
        if (place.IsAnswered())
        {
            throw new AslException(new AslError(ErrorCode.IntakeBusy, "another intake answers at the control socket")
            {
                Where = path,
                Fix = "asl-intake status   (shows it)",
            });
        }

        var fresh = path + ".new";
        File.Delete(fresh);
        using var freshPlace = new ControlSocket(fresh);
        var listener = ControlSocket.New();
        try
        {
            listener.Bind(new UnixDomainSocketEndPoint(freshPlace.Address));
            File.SetUnixFileMode(fresh, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            listener.Listen(WaitingMax);
            File.Move(fresh, path, overwrite: true);
            return listener;
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    private async Task AcceptAsync()
    {
        while (!_closing.IsCancellationRequested)
        {
            try
            {
                var client = await _listener.AcceptAsync(_closing.Token);
                if (_room.Wait(0))
                {
                    _ = ServeAndLeaveAsync(client);
                }
                else
                {
                    client.Dispose();
                }
            }
            catch (Exception failure) when (failure is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // A connection that ended before it was taken, or our own end.
            }
        }
    }

    private async Task ServeAndLeaveAsync(Socket client)
    {
        try
        {
            using var channel = new LineChannel(client);
            await ServeAsync(channel, PeerCredentials.Of(client));
        }
        catch (Exception failure) when (failure is SocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The client went away, or was too slow.
        }
        finally
        {
            _room.Release();
        }
    }

    private async Task ServeAsync(LineChannel channel, Peer peer)
    {
        if (peer.Uid != 0 && peer.Uid != Posix.EffectiveUser())
        {
            await AnswerAsync(channel, Refusal("only root may talk to intake"));
            return;
        }

        while (true)
        {
            byte[]? line;
            try
            {
                line = await channel.ReadAsync(IdleMax, _closing.Token);
            }
            catch (InvalidDataException tooLong)
            {
                await AnswerAsync(channel, Refusal(tooLong.Message));
                return;
            }

            if (line is null)
            {
                return;
            }

            await HandleAsync(channel, peer, line);
        }
    }

    private async Task HandleAsync(LineChannel channel, Peer peer, byte[] line)
    {
        var (read, problem) = Parse(line);
        if (read is not { } request)
        {
            await AnswerAsync(channel, Refusal($"the line is no request: {problem}"));
            return;
        }

        switch (request.Verb)
        {
            case "status":
                await AnswerAsync(channel, new ControlAnswer { Ok = true, Status = _board.Current });
                break;
            case "watch":
                await WatchAsync(channel);
                break;
            default:
                await AnswerAsync(channel, await AskAsync(Command(request, peer)));
                break;
        }
    }

    /// <summary>A line as a request, or why it is none.</summary>
    internal static (ControlRequest? Request, string? Problem) Parse(byte[] line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, IntakeJson.Default.ControlRequest) is { } request ? (request, null) : (null, "the request is null");
        }
        catch (JsonException malformed)
        {
            return (null, malformed.Message);
        }
    }

    internal static OperatorCommand Command(ControlRequest request, Peer peer) => request.Verb switch
    {
        "approve" => new OperatorCommand(OperatorVerb.Approve, request.Id ?? "", peer),
        "deny" => new OperatorCommand(OperatorVerb.Deny, request.Id ?? "", peer),
        "add" => new OperatorCommand(OperatorVerb.Add, request.Source ?? "", peer),
        "cancel" => new OperatorCommand(OperatorVerb.Cancel, "", peer),
        "key" => new OperatorCommand(OperatorVerb.Key, "", peer) { Secret = Secret(request.Key) },
        _ => new OperatorCommand(OperatorVerb.Unknown, request.Verb, peer),
    };

    private static byte[] Secret(string? base64)
    {
        var bytes = new byte[base64?.Length ?? 0];
        return Convert.TryFromBase64String(base64 ?? "", bytes, out var length) ? bytes[..length] : [];
    }

    private async Task<ControlAnswer> AskAsync(OperatorCommand command)
    {
        if (!_commands.TryWrite(command))
        {
            return Refusal("intake is busy with earlier requests, or on its way out");
        }

        // The run may end by this very command: an answer that is there goes out, also when the server is closing already.
        await ((Task)command.Answer).WaitAsync(_closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!command.Answer.IsCompleted)
        {
            return Refusal("intake is on its way out");
        }

        if (await command.Answer is { } error)
        {
            return new ControlAnswer { Ok = false, Error = ControlError.Of(error) };
        }

        return new ControlAnswer { Ok = true, Status = command.Verb == OperatorVerb.Approve ? await EffectAsync(command.Argument) : _board.Current };
    }

    /// <summary>What an approval led to, or where the run stands after a while: it is in the journal, and takes effect a moment later.</summary>
    private async Task<IntakeStatus> EffectAsync(string approved)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var status = _board.Current;
            var left = EffectMax - TimeProvider.System.GetElapsedTime(began);
            if (status.Request?.Id.StartsWith(approved, StringComparison.Ordinal) != true || left <= TimeSpan.Zero || _closing.IsCancellationRequested)
            {
                return status;
            }

            await _board.ChangedSince(status).WaitAsync(left, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>A status for each change, not more often than a person can read, until the client closes or the run ends.</summary>
    private async Task WatchAsync(LineChannel channel)
    {
        IntakeStatus? shown = null;
        while (_board.Current is var status && !ReferenceEquals(status, shown))
        {
            await AnswerAsync(channel, new ControlAnswer { Ok = true, Status = status });
            shown = status;
            await NextChangeAsync(status);
        }

        // Closing ends the wait: whoever watches sees the last status, and then the end of the connection.
        _closing.Token.ThrowIfCancellationRequested();
    }

    private async Task NextChangeAsync(IntakeStatus status)
    {
        try
        {
            await Task.Delay(WatchPause, _closing.Token);
            await _board.ChangedSince(status).WaitAsync(_closing.Token);
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested)
        {
        }
    }

    private Task AnswerAsync(LineChannel channel, ControlAnswer answer) =>
        channel.WriteAsync(answer, IntakeJson.Default.ControlAnswer, WriteMax, CancellationToken.None);

    private static ControlAnswer Refusal(string why) => new()
    {
        Ok = false,
        Error = new ControlError($"ASL{(int)ErrorCode.RequestRefused}", "the request was refused", null, why, "asl-intake status   (as root: shows what is asked and what to type)"),
    };
}
