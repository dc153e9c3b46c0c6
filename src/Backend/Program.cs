using AslRescue.Backend;

return ServerProgram.Run(args);
