using System.Reflection;
using System.Runtime.InteropServices;
using AslRescue.LibAsl.Abi;
using AslRescue.LibAsl.Calls;
using AslRescue.Shared.Errors;
using AslRescue.Testing;

namespace AslRescue.LibAsl.Tests;

/// <summary>Calls that are wrong: each gives an error with its reason, none takes the process down.</summary>
public sealed unsafe class CallTests : IDisposable
{
    private readonly Stores _stores = new();

    public void Dispose() => _stores.Dispose();

    [Fact]
    public void Every_function_survives_zeros_for_all_that_it_takes()
    {
        string[] fine = ["asl_abi_version", "asl_version", "asl_close", "asl_error_text", "asl_exit_code"]; // which may be asked with nothing
        foreach (var (name, function) in Functions())
        {
            var status = function(0, 0, 0, 0, 0, 0);
            Assert.True(fine.Contains(name) ? status is 0 or Exports.AbiVersion : status is (int)ErrorCode.HandleInvalid or (int)ErrorCode.ArgumentInvalid, $"{name} gives {status}");
        }
    }

    [Fact]
    public void Every_function_that_takes_a_handle_refuses_numbers_that_are_none()
    {
        var withHandle = Exported().Where(item => item.Method.GetParameters() is [{ ParameterType: var type }, ..] && type == typeof(ulong)).Select(item => item.Name).ToHashSet();
        Assert.True(withHandle.Count > 20);
        foreach (var (name, function) in Functions().Where(item => withHandle.Contains(item.Name)))
        {
            foreach (var handle in new ulong[] { 1, ulong.MaxValue, 0xc8UL << 56, (1UL << 56) | (0xffffffffUL << 24), (4UL << 56) | 0xffffff })
            {
                Assert.Equal((name, (int)ErrorCode.HandleInvalid), (name, function(handle, 0, 0, 0, 0, 0)));
            }
        }
    }

    [Fact]
    public void A_closed_handle_and_one_of_another_kind_give_an_error_in_every_function()
    {
        SampleTree.Make(_stores.Source, 1, files: 3, bytesMax: 100);
        _stores.Ingest();
        var store = Library.OpenStore(_stores.Store);
        var snapshot = Library.OpenSnapshot(store);
        var node = Library.OpenNode(snapshot, "");
        var directory = Library.Open(Library.DirectoryOpen, node);
        Library.Ok(Library.Close(store));
        Assert.Equal((int)ErrorCode.HandleInvalid, Library.Close(store));
        Assert.Equal((int)ErrorCode.HandleInvalid, Library.TryOpenSnapshot(store, "latest", out var none));
        Assert.Equal(0UL, none);
        Assert.Equal((int)ErrorCode.HandleInvalid, Library.TryOpenNode(directory, 0, [], out _));
        Assert.Equal((int)ErrorCode.HandleInvalid, Library.Read(snapshot, 0, 1).Status);
        Assert.NotEmpty(Library.Names(node)); // What was opened from it stays open.
        Library.Ok(Library.Close(snapshot));
        Library.Ok(Library.Close(node));
        var info = new NodeInfo { StructSize = (uint)sizeof(NodeInfo) };
        Library.Ok(Library.DirectoryNext(directory, &info));
        Library.Ok(Library.Close(directory));
        Assert.Equal((int)ErrorCode.HandleInvalid, Library.DirectoryNext(directory, &info));
    }

    [Fact]
    public void What_is_asked_of_the_wrong_thing_is_refused_in_words()
    {
        SampleTree.Make(_stores.Source, 1, files: 2, bytesMax: 100);
        File.WriteAllText(Path.Combine(_stores.Source, "file"), "x");
        _stores.Ingest();
        var snapshot = Library.OpenSnapshot(Library.OpenStore(_stores.Store));
        var (root, file) = (Library.OpenNode(snapshot, ""), Library.OpenNode(snapshot, "file"));
        Refused(Library.Read(root, 0, 1).Status, ErrorCode.ArgumentInvalid, "only files and images have bytes");
        ulong handle;
        Refused(Library.DirectoryOpen(file, &handle), ErrorCode.ArgumentInvalid, "no directory");
        Refused(Library.TryOpenNode(snapshot, 1, [], out _), ErrorCode.ArgumentInvalid, "the snapshot has 1, counted from 0");
        Refused(Library.TryOpenNode(snapshot, 0, "file/below"u8.ToArray(), out _), ErrorCode.PathMissing, "has no 'file/below'");
        Refused(Library.VerificationOpen(snapshot, 6, &handle), ErrorCode.ArgumentInvalid, "only ASL_VERIFY_DATA");
        var key = new byte[32];
        fixed (byte* start = key)
        {
            ulong length;
            Refused(Library.ArtifactRead(snapshot, start, null, 0, &length), ErrorCode.ArtifactMissing, "nothing that the snapshot can reach");
        }

        var directory = Library.Open(Library.DirectoryOpen, root);
        Refused(Library.DirectoryNode(directory, &handle), ErrorCode.ArgumentInvalid, "has told no entry");
        Refused(Library.NodeAttributeName(file, 0, null, 0, null), ErrorCode.ArgumentInvalid, "0 attributes");
        Refused(Library.NodeText(file, 17, null, 0, null), ErrorCode.ArgumentInvalid, "no such text");
    }

    [Fact]
    public void Stores_that_cannot_be_opened_say_why()
    {
        using var folder = new ScratchFolder();
        Refused(Library.TryOpenStore(folder["none"], out var store), ErrorCode.StoreMissing, "no store here");
        Assert.Equal(0UL, store);
        File.WriteAllText(folder["format.toml"], "format = 99\n");
        Refused(Library.TryOpenStore(folder.Path, out _), ErrorCode.StoreFormatUnknown, "99");
        Refused(Library.TryOpenStore("http://127.0.0.1/", out _), ErrorCode.ArgumentInvalid, "https URL");
        Refused(Library.TryOpenStore("https://me:secret@127.0.0.1/", out _), ErrorCode.ArgumentInvalid, "without a user");
        Refused(Library.TryOpenStore("", out _), ErrorCode.ArgumentInvalid, "neither a directory");
        var named = Marshal.StringToCoTaskMemUTF8(folder["token"]);
        var shortPin = Marshal.StringToCoTaskMemUTF8("12:34");
        File.WriteAllText(folder["token"], "secret");
        File.SetUnixFileMode(folder["token"], (UnixFileMode)0x1a4);
        fixed (byte* location = Library.C("https://127.0.0.1:9/"), bad = (byte[])[0xff, 0])
        {
            var options = new OpenOptions { StructSize = (uint)sizeof(OpenOptions), TokenFile = (byte*)named };
            Refused(Library.StoreOpen(location, &options, &store), ErrorCode.RemoteUnauthenticated, "others may read it");
            options = new OpenOptions { StructSize = (uint)sizeof(OpenOptions), Pin = (byte*)shortPin };
            Refused(Library.StoreOpen(location, &options, &store), ErrorCode.ArgumentInvalid, "64 hexadecimal digits");
            options = new OpenOptions { StructSize = (uint)sizeof(OpenOptions), TimeoutSeconds = 1 };
            Refused(Library.StoreOpen(location, &options, &store), ErrorCode.EndpointUnreachable, "cannot be reached");
            Assert.Equal(0, Library.LastError().IsPermanent);
            Refused(Library.StoreOpen(bad, &options, &store), ErrorCode.ArgumentInvalid, "no UTF-8");
            options.StructSize = 8;
            Refused(Library.StoreOpen(location, &options, &store), ErrorCode.ArgumentInvalid, "set it to sizeof");
        }

        Marshal.FreeCoTaskMem(named);
        Marshal.FreeCoTaskMem(shortPin);
    }

    [Fact]
    public void Texts_are_written_whole_or_not_at_all()
    {
        ulong length;
        Library.Ok(Library.Version(null, 0, &length));
        var buffer = stackalloc byte[64];
        for (var capacity = 1UL; capacity < 60; capacity++)
        {
            new Span<byte>(buffer, 64).Fill(0xee);
            ulong told = 0;
            var status = Library.Version(buffer, capacity, &told);
            Assert.Equal(length, told);
            Assert.Equal(capacity > length ? 0 : (int)ErrorCode.BufferTooSmall, status);
            Assert.Equal(capacity > length ? 0 : 0xee, buffer[length]);
            Assert.True(new ReadOnlySpan<byte>(buffer + length + 1, 8).ContainsAnyExcept((byte)0xee) is false);
        }

        Refused(Library.Version(buffer, 2, null), ErrorCode.BufferTooSmall, $"{length + 1} bytes are needed, it has 2");
        Assert.Equal((int)ErrorCode.ArgumentInvalid, Library.Version(null, 2, &length));
    }

    [Fact]
    public void A_struct_of_a_newer_header_is_filled_as_far_as_it_is_known_and_one_that_is_too_small_is_refused()
    {
        var memory = new byte[sizeof(ErrorInfo) + 24];
        Array.Fill(memory, (byte)0xdd);
        fixed (byte* start = memory)
        {
            var info = (ErrorInfo*)start;
            info->StructSize = (uint)sizeof(ErrorInfo) + 16;
            Library.Ok(Library.Error(info));
            Assert.Equal((uint)sizeof(ErrorInfo) + 16, info->StructSize);
            Assert.Equal(new byte[16], memory[sizeof(ErrorInfo)..(sizeof(ErrorInfo) + 16)]);
            Assert.All(memory[(sizeof(ErrorInfo) + 16)..], value => Assert.Equal(0xdd, value));
            foreach (var size in new uint[] { 0, (uint)sizeof(ErrorInfo) - 1, 0xdddddddd })
            {
                info->StructSize = size;
                Assert.Equal((int)ErrorCode.ArgumentInvalid, Library.Error(info));
            }
        }
    }

    [Fact]
    public void The_last_error_is_the_threads_own_and_stays_until_the_next()
    {
        using var folder = new ScratchFolder();
        Assert.Equal((int)ErrorCode.StoreMissing, Library.TryOpenStore(folder.Path, out _));
        var other = new Thread(() =>
        {
            Assert.Equal(0, Library.LastError().Code);
            Assert.Equal("", Library.LastErrorText());
            Assert.Equal((int)ErrorCode.HandleInvalid, Library.Close(5));
            Assert.Equal((int)ErrorCode.HandleInvalid, Library.LastError().Code);
        });
        other.Start();
        other.Join();
        Library.Ok(Library.Close(0));
        Assert.Equal((int)ErrorCode.ArgumentInvalid, Library.ErrorText(99, null, 0, null));
        Assert.Equal(((int)ErrorCode.StoreMissing, ExitCodes.StoreUnusable, 1), (Library.LastError().Code, Library.LastError().ExitCode, Library.LastError().IsPermanent));
        Assert.Equal("there is no store here", Library.LastErrorText(ErrorPart.What));
        Assert.Equal(folder.Path, Library.LastErrorText(ErrorPart.Where));
        Assert.StartsWith($"error ASL2001: there is no store here\n  where: {folder.Path}\n", Library.LastErrorText(), StringComparison.Ordinal);
        Assert.NotEmpty(Library.LastErrorText(ErrorPart.Fix));
    }

    [Fact]
    public void An_unexpected_exception_becomes_an_error_and_not_a_crash()
    {
        Assert.Equal((int)ErrorCode.Internal, Edge.Call(() => throw new InvalidOperationException("a broken invariant")));
        Assert.Contains("InvalidOperationException: a broken invariant", Library.LastErrorText(ErrorPart.Why), StringComparison.Ordinal);
        Assert.Equal((int)ErrorCode.LibraryUnusable, Edge.Call(() => throw new OutOfMemoryException()));
        Assert.Contains("no memory", Library.LastErrorText(), StringComparison.Ordinal);
    }

    [Fact]
    public void Exit_codes_are_those_of_the_programs()
    {
        Assert.Equal((0, 0), (Library.ExitCode(0), Library.ExitCode(1)));
        Assert.All(Enum.GetValues<ErrorCode>(), code => Assert.Equal(ExitCodes.For(code), Library.ExitCode((int)code)));
        Assert.Equal(ExitCodes.Failed, Library.ExitCode(-5));
    }

    private static void Refused(int status, ErrorCode code, string says)
    {
        Assert.Equal(code, (ErrorCode)status);
        Assert.Contains(says, Library.LastErrorText(), StringComparison.Ordinal);
    }

    private static IEnumerable<(string Name, MethodInfo Method)> Exported() => typeof(Exports).GetMethods(BindingFlags.Static | BindingFlags.NonPublic)
        .Select(method => (method.GetCustomAttribute<UnmanagedCallersOnlyAttribute>()?.EntryPoint ?? "", method)).Where(item => item.Item1.Length > 0);

    /// <summary>All of them with six arguments: what a function does not take, it does not look at.</summary>
    private static IEnumerable<(string Name, SixArguments Call)> Functions() => Exported().Select(item =>
    {
        var pointer = item.Method.MethodHandle.GetFunctionPointer();
        return (item.Name, new SixArguments((a, b, c, d, e, f) => ((delegate* unmanaged<ulong, ulong, ulong, ulong, ulong, ulong, int>)pointer)(a, b, c, d, e, f)));
    });

    private delegate int SixArguments(ulong a, ulong b, ulong c, ulong d, ulong e, ulong f);
}
