using Altinn.App.Api.Extensions;
using Altinn.App.Api.Helpers;
using Altinn.App.Core.Features;
using Altinn.App.Core.Features.Maskinporten.Extensions;
using Altinn.App.Logic;
using Altinn.App.Logic.History;
using Microsoft.OpenApi.Models;

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);

builder.WebHost.ConfigureAppWebHost(args);
builder.Services.AddAltinnAppControllersWithViews();

// Services that belong to this app only.
builder.Services.AddTransient<IFormDataValidator, GrantValidator>();
builder.Services.AddTransient<IFormDataValidator, BudgetValidator>();
builder.Services.AddTransient<IDataWriteProcessor, BudgetTotals>();
builder.Services.AddTransient<IInstantiationProcessor, AmountInBudget>();
builder.Services.AddTransient<IProcessTaskEnd, AmountInBudget>();
builder.Services.AddTransient<IInstantiationValidator, OpenCallValidator>();
builder.Services.Configure<CallSettings>(builder.Configuration.GetSection("Call"));
builder.Services
    .AddHttpClient<IGrantHistoryClient, GrantHistoryClient>(client =>
        client.BaseAddress = new Uri(builder.Configuration["PlatformSettings:ApiStorageEndpoint"]!))
    .UseMaskinportenAuthorization(GrantHistoryClient.Scope);

builder.Services.AddAltinnAppServices(builder.Configuration, builder.Environment);
builder.Services.AddSwaggerGen(options =>
{
    options.SwaggerDoc("v1", new OpenApiInfo { Title = "ttd/grant-application", Version = "v1" });
    StartupHelper.IncludeXmlComments(options.IncludeXmlComments);
});

WebApplication app = builder.Build();

string applicationId = StartupHelper.GetApplicationId();
if (!string.IsNullOrEmpty(applicationId))
{
    app.UseSwagger(options => options.RouteTemplate = $"{applicationId}/swagger/{{documentName}}/swagger.json");
    app.UseSwaggerUI(options =>
    {
        options.SwaggerEndpoint($"/{applicationId}/swagger/v1/swagger.json", "grant-application");
        options.RoutePrefix = $"{applicationId}/swagger";
    });
}

app.UseAltinnAppCommonConfiguration();
app.Run();
