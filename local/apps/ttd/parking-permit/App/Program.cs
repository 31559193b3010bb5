using Altinn.App.Api.Extensions;
using Altinn.App.Api.Helpers;
using Altinn.App.Core.Features;
using Altinn.App.Logic;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi.Models;

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);

builder.WebHost.ConfigureAppWebHost(args);
builder.Services.AddAltinnAppControllersWithViews();

// Services that belong to this app only.
builder.Services.AddTransient<IFormDataValidator, PermitValidator>();
builder.Services.AddTransient<IDataProcessor, PermitPeriodProcessor>();

builder.Services.AddAltinnAppServices(builder.Configuration, builder.Environment);
builder.Services.AddSwaggerGen(options =>
{
    options.SwaggerDoc("v1", new OpenApiInfo { Title = "ttd/parking-permit", Version = "v1" });
    StartupHelper.IncludeXmlComments(options.IncludeXmlComments);
});

WebApplication app = builder.Build();

string applicationId = StartupHelper.GetApplicationId();
if (!string.IsNullOrEmpty(applicationId))
{
    app.UseSwagger(options => options.RouteTemplate = $"{applicationId}/swagger/{{documentName}}/swagger.json");
    app.UseSwaggerUI(options =>
    {
        options.SwaggerEndpoint($"/{applicationId}/swagger/v1/swagger.json", "parking-permit");
        options.RoutePrefix = $"{applicationId}/swagger";
    });
}

app.UseAltinnAppCommonConfiguration();
app.Run();
